# SPDX-License-Identifier: Apache-2.0
"""What came of the demo of shards: the figures, and whether the loop closed."""
import dataclasses

from display import milliseconds
from outage import GONE

DEVIATION = 0.10  # of a node from its fair share, as the policy says
NEAR = 0.02  # that the coefficient of variation measured may differ from the one counted: rows are
# PostgreSQL's estimates, and writing goes on between the two


@dataclasses.dataclass
class Facts:
    """Gathered by the demo; times are seconds since the epoch."""
    before: list  # rows of each node, counted
    after: list
    measured: float  # citus_node_cv when it was first known; None: never
    by_hand: float  # the same, from count(*)
    began: float  # when Homeostat was started
    acts: list  # of the lever rebalance: (time, kind), oldest first
    calm: list  # workload.Transaction before, and while shards were moved
    moving: list
    acknowledged: int  # plays that a listener was told are stored
    plays: int  # rows of `play`, and what the listeners' counters add up to
    counters: int
    misplaced: int  # shards of the ruled countries that are not where they have to be
    jobs: int  # of Citus' background rebalancer
    outage: object  # outage.OutageFacts; None: there was none
    exit_status: int


def deviation(counts):
    """How far the fullest node lies over the mean."""
    return max(counts) * len(counts) / sum(counts) - 1


def longest(transactions):
    return max((one.seconds for one in transactions), default=float("nan"))


def lines(facts):
    shares = ", ".join(f"{one * len(facts.before) / sum(facts.before):.0%}" for one in facts.before)
    after = ", ".join(f"{one * len(facts.after) / sum(facts.after):.0%}" for one in facts.after)
    measured = "unknown" if facts.measured is None else f"{facts.measured:.3f}"
    yield f"imbalance       citus_node_cv {measured}; from count(*) {facts.by_hand:.3f}"
    yield f"before          {shares} of a fair share (counted)"
    yield f"after           {after}; the fullest node {deviation(facts.after):+.1%}"
    if len(facts.acts) > 1:
        yield (f"by itself       started {facts.acts[0][0] - facts.began:.1f} s after Homeostat, done "
               f"{facts.acts[-1][0] - facts.acts[0][0]:.1f} s later, {facts.jobs} job of Citus")
    yield (f"writers         longest wait {milliseconds(longest(facts.calm))} before, "
           f"{milliseconds(longest(facts.moving))} while shards were moved")
    yield (f"rows            {facts.plays} plays stored, {facts.counters} counted, "
           f"{facts.acknowledged} acknowledged by then")
    yield f"placement rule  {facts.misplaced} of its shards elsewhere"


    if facts.outage is not None:
        yield from outage_lines(facts.outage)


def p99(transactions):
    ordered = sorted(one.seconds for one in transactions)
    return ordered[-(-99 * len(ordered) // 100) - 1] if ordered else float("nan")


def outage_lines(outage):
    refused = ", ".join(f"{zone} {count}" for zone, count in outage.refused.items())
    steps = ", ".join(f"{'all' if kind == 'revert' else format(share, '.0%')} after "
                      f"{at - outage.back:.1f} s" for at, kind, _, share in outage.acts
                      if at > outage.back)
    first = next((at for at, kind, _, _ in outage.acts if kind == "apply"), None)
    noticed = "never" if first is None else f"{first - outage.gone:.1f} s after it went"
    yield f"outage          the worker's zone refused {noticed}; turned away: {refused}"
    yield (f"other zones     p99 {milliseconds(p99(outage.before))} before, "
           f"{milliseconds(p99(outage.during))} while the worker was gone")
    yield f"back            admitted again: {steps or 'never'}"


def outage_failures(outage):
    if not outage.refused[GONE]:
        yield "nobody of the zone that did not answer was turned away"
    others = sum(count for zone, count in outage.refused.items() if zone != GONE)
    if others:
        yield f"{others} of other zones were turned away"
    if not outage.during:
        yield "the other zones stood still"
    if not outage.whole:
        yield "the zone was not given back"


def failures(facts):
    if facts.outage is not None:
        yield from outage_failures(facts.outage)
    if facts.measured is None:
        yield "the imbalance was never measured"
    elif abs(facts.measured - facts.by_hand) > NEAR:
        yield f"citus_node_cv is {facts.measured:.3f}, but {facts.by_hand:.3f} by hand"
    kinds = [kind for _, kind in facts.acts]
    if "apply" not in kinds:
        yield "no shard was moved"
    elif "revert" not in kinds:
        yield "the moves never ended"
    if facts.jobs > 1:
        yield f"Citus was given {facts.jobs} jobs, not one"
    if deviation(facts.after) > DEVIATION:
        yield f"a node is still {deviation(facts.after):.1%} over its fair share"
    if facts.misplaced:
        yield f"{facts.misplaced} shards lie where the placement rule does not allow it"
    if facts.plays != facts.counters:
        yield f"{facts.plays} plays are stored, but {facts.counters} counted: lost or doubled rows"
    if not facts.moving:
        yield "nobody wrote while shards were moved"
    if facts.exit_status != 0:
        yield f"homeostat ended with status {facts.exit_status}"
