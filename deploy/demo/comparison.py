# SPDX-License-Identifier: Apache-2.0
"""What came of the same storm, several times, with and without a supervisor: the figures."""
import dataclasses

from display import milliseconds
from spread import ratios, show, spread
from workload import GIVES_UP_SECONDS, latency

RECOMMENDED, SOURCE, WITHOUT = "recommended", "source's rules", "without"
ARMS = {  # name -> folder of policies; None: no daemon runs, and homeostat.allowed() lets all pass
    RECOMMENDED: "policies/recommended",
    SOURCE: "policies/source",
    WITHOUT: None,
}
# A second is disturbed when more than this share of its critical transactions is beyond the limit.
DISTURBED = 0.05
FEWEST_BEYOND = 0.01  # a storm that fewer than this share felt is none
CLAIMED_BY_SOURCE = 0.72  # fewer spikes; printed as the source's claim beside what came out here


@dataclasses.dataclass(frozen=True)
class Outcome:
    """Of one storm and its aftermath, counted from the storm's beginning."""
    beyond: float  # share of the critical transactions that took longer than 500 ms or gave up
    p99: float  # seconds; what was given up counts with 500 ms
    recovered: float  # seconds until the last disturbed second was over
    recovered_at_all: bool  # False: disturbed until the end; `recovered` is then a lower bound
    attempts: int  # of the storm's jobs to start
    done: int  # jobs that were let in and went through
    acts: int  # forward acts: times that work was shed

    @property
    def refused(self):
        """Share of the jobs' attempts that did no work."""
        return 1 - self.done / self.attempts if self.attempts else None


def is_beyond(transaction):
    return transaction.given_up or transaction.seconds > GIVES_UP_SECONDS


def share_beyond(transactions):
    if not transactions:
        return None
    return sum(map(is_beyond, transactions)) / len(transactions)


def recovery(log, storm, end):
    """(seconds after the storm's beginning at which the last disturbed second was over, whether
    the last second was undisturbed). A second without any transaction is disturbed."""
    recovered, undisturbed = 0.0, True
    for second in range(int(end - storm)):
        share = share_beyond(log.between(storm + second, storm + second + 1))
        undisturbed = share is not None and share <= DISTURBED
        if not undisturbed:
            recovered = second + 1.0
    return recovered, undisturbed


def outcome(log, storm, end, attempts, done, acts):
    felt = log.between(storm, end)
    recovered, at_all = recovery(log, storm, end)
    return Outcome(share_beyond(felt), latency(felt, end - storm).p99, recovered, at_all, attempts,
                   done, acts)


def percent(share):
    return f"{share:.1%}"


def seconds(value):
    return f"{value:.0f} s"


def count(value):
    return f"{value:.0f}"


class Comparison:
    """Outcomes of every arm, one a round, in order."""

    def __init__(self, outcomes):
        self.outcomes = outcomes  # arm -> [Outcome, …]

    def _of(self, arm, name):
        return [getattr(one, name) for one in self.outcomes[arm]]

    def reductions(self, arm):
        """By how much the share beyond 500 ms was lower than in the same round without either."""
        with_arm = ratios(self._of(arm, "beyond"), self._of(WITHOUT, "beyond"))
        return [None if ratio is None else 1 - ratio for ratio in with_arm]

    def failures(self):
        """Why there is nothing to compare, one line each; empty when there is."""
        weak = [one for one in self.outcomes[WITHOUT]
                if one.beyond is None or one.beyond < FEWEST_BEYOND]
        if weak:
            return [f"in {len(weak)} rounds nobody felt the storm, with nothing to stop it"]
        return []

    def _cells(self, name, text):
        return [show(spread(self._of(arm, name)), text) for arm in ARMS]

    def _recovery_cells(self):
        cells = self._cells("recovered", seconds)
        for index, arm in enumerate(ARMS):
            never = sum(not one.recovered_at_all for one in self.outcomes[arm])
            cells[index] += f", {never} never" if never else ""
        return cells

    def _rows(self):
        return [
            ("", list(ARMS)),
            ("critical beyond 500 ms", self._cells("beyond", percent)),
            ("critical p99", self._cells("p99", milliseconds)),
            ("undisturbed after", self._recovery_cells()),
            ("jobs that did their work", self._cells("done", count)),
            ("attempts that were refused", self._cells("refused", percent)),
            ("forward acts", self._cells("acts", count)),
        ]

    def lines(self):
        yield (f"Median [quartiles] over {len(self.outcomes[WITHOUT])} rounds, the three in turn; "
               "critical: the listeners' transactions")
        rows = self._rows()
        widths = [max(len(cells[column]) for _, cells in rows) for column in range(len(ARMS))]
        for label, cells in rows:
            padded = [f"{cell:<{width}}" for cell, width in zip(cells, widths)]
            yield f"  {label:<28}{'  '.join(padded)}".rstrip()
        yield "Contention latency spikes (critical transactions beyond 500 ms), fewer than without:"
        for arm in (RECOMMENDED, SOURCE):
            yield f"  {arm:<28}{show(spread(self.reductions(arm)), percent)}"
        yield (f"  {'the document claims':<28}{CLAIMED_BY_SOURCE:.0%} for its rules; the lines "
               "above are what came out here")
        yield ("One severe storm shows how soon a rule reacts, not how often it reacts to nothing: "
               "there was no false alarm to be had.")
