# SPDX-License-Identifier: Apache-2.0
"""One table of what all benchmarks found: ratios first, the figures behind them for orientation."""
import dataclasses
import statistics

from spread import ratios, show, spread


@dataclasses.dataclass
class Row:
    """One comparison. `ours` and `beside` hold one figure a round, taken in turn in one run; the
    ratio is formed round by round. `paired=False`: the figures of a round have nothing to do with
    each other, so the ratio is that of the medians."""
    case: str
    ours: list
    beside: list
    peer: str  # what `beside` was measured of
    text: object  # how a figure is written, a function
    paired: bool = True
    also: str = ""  # what a ratio cannot say


def ratio_of(row):
    if row.paired:
        return spread(ratios(row.ours, row.beside))
    return spread([statistics.median(row.ours) / statistics.median(row.beside)])


def ratio_text(value):
    """Three digits, whatever the size: 0.00123, 0.0512, 1.07, 38.1."""
    return f"{value:#.3g}"


def duration(value):
    """Of a figure in seconds, with a unit that suits it."""
    if value < 0.001:
        return f"{value * 1e6:.3g} µs"
    return f"{value * 1e3:.3g} ms" if value < 1 else f"{value:.3g} s"


def megabytes(value):
    """Of a figure in bytes."""
    return f"{value / 1e6:.1f} MB"


def per_second(value):
    return f"{value:.0f}/s"


class Table:
    def __init__(self):
        self.sections = []  # (title, [Row, …])
        self.skipped = []  # (title, reason)

    def add(self, title, rows):
        self.sections.append((title, rows))

    def skip(self, title, reason):
        self.skipped.append((title, reason))

    def lines(self):
        yield ("Ratio: median [quartiles] over the rounds, each round's figures taken in turn. "
               "The figures behind it")
        yield "(medians) are this machine's; only ratios of one run can be held against each other."
        for title, rows in self.sections:
            yield ""
            yield title
            case_width = max(len(row.case) for row in rows) + 2
            ratio_width = max(len(self._ratio(row)) for row in rows) + 2
            for row in rows:
                yield (f"  {row.case:<{case_width}}{self._ratio(row):<{ratio_width}}"
                       f"{self._figures(row)}")
        if self.skipped:
            yield ""
        for title, reason in self.skipped:
            yield f"skipped: {title}: {reason}"

    @staticmethod
    def _ratio(row):
        if not row.paired:
            return ratio_text(ratio_of(row).median)
        return show(ratio_of(row), ratio_text)

    @staticmethod
    def _figures(row):
        ours, beside = spread(row.ours), spread(row.beside)
        also = f"; {row.also}" if row.also else ""
        return f"{row.text(ours.median)} ÷ {row.text(beside.median)} ({row.peer}){also}"
