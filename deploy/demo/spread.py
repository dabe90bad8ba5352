# SPDX-License-Identifier: Apache-2.0
"""Median and quartiles of figures that were taken several times."""
import dataclasses
import statistics


@dataclasses.dataclass(frozen=True)
class Spread:
    median: float
    low: float  # first quartile
    high: float  # third quartile
    count: int


def spread(values):
    """Of the values that are there (None: none was taken); None when there are none. Quartiles by
    linear interpolation between the values, as in spreadsheets; of one value, the value itself."""
    taken = [float(value) for value in values if value is not None]
    if not taken:
        return None
    if len(taken) == 1:
        return Spread(taken[0], taken[0], taken[0], 1)
    low, median, high = statistics.quantiles(taken, n=4, method="inclusive")
    return Spread(median, low, high, len(taken))


def show(found, text):
    """`median [low – high]`, each number as `text` writes it."""
    if found is None:
        return "–"
    return f"{text(found.median)} [{text(found.low)} – {text(found.high)}]"


def ratios(values, bases):
    """Each value divided by the base of its own round; None where either is missing or 0 ÷ 0 or
    worse would come of it."""
    return [None if value is None or not base else value / base
            for value, base in zip(values, bases, strict=True)]
