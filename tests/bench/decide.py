# SPDX-License-Identifier: Apache-2.0
"""decide() evaluating every policy about every subject, beside Prometheus evaluating rules over
series of the same number and values."""
import statistics

from processes import wait_until
from prometheus import Exporter, Prometheus
from table import Row, duration

NAME = "decide"
TITLE = "decide(), every policy-subject evaluated, ÷ a Prometheus rule group over the same series"
SUBJECTS = {1: 2000, 100: 500, 10000: 10}  # -> steps that are timed a round
EVERY = 5  # seconds between scrapes and evaluations
RATIOS = {"calm": 0.03, "storm": 0.8}  # what the exporter serves; the limit is 0.2


def missing():
    return None if Prometheus.installed() else "prometheus is not installed"


def series(ratio):
    return "".join(f'bench_ratio_{count}{{subject="{number}"}} {ratio}\n'
                   for count in SUBJECTS for number in range(count))


def rule(name, expression):
    # Pending for ever: what a rule costs while it fires depends on Alertmanager.
    return {"alert": name, "expr": f"{expression} > 0.2", "for": "1d"}


def groups():
    made = {}
    for count in SUBJECTS:
        made[f"many-{count}"] = [rule(f"Blocked{number}",
                                      f'bench_ratio_{count}{{subject="{number}"}}')
                                 for number in range(count)]
        made[f"one-{count}"] = [rule("Blocked", f"bench_ratio_{count}")]
    return made


def decide_seconds(ground, shape, count, load):
    """Median of one decide()."""
    return statistics.median(
        ground.microbenchmark("decide_bench", shape, count, SUBJECTS[count], load))


def next_evaluations(prometheus, after):
    """The durations of evaluations that ended later than that."""
    def fresh():
        found = prometheus.groups()
        return len(found) == 2 * len(SUBJECTS) and all(at > after for at, _ in found.values())

    wait_until(fresh, "rule groups to be evaluated", patience=120, child=prometheus.child)
    found = prometheus.groups()
    return max(at for at, _ in found.values()), {name: took for name, (_, took) in found.items()}


def run(ground, rounds, say):
    exporter = ground.keep(Exporter())
    exporter.text = series(RATIOS["calm"])
    prometheus = ground.keep(Prometheus(ground.subfolder("decide"), exporter, groups(), f"{EVERY}s"))
    prometheus.wait_ready()
    shapes = [(shape, count) for count in SUBJECTS for shape in ("many", "one")
              if (shape, count) != ("one", 1)]  # is the same as ("many", 1)
    rows = []
    seen = 0.0
    for load, ratio in RATIOS.items():
        exporter.text = series(ratio)
        for _ in range(2):  # until every series has this value, and every rule has seen it
            seen, _ = next_evaluations(prometheus, seen)
        ours = {key: [] for key in shapes}
        theirs = {key: [] for key in shapes}
        for number in range(rounds):
            say(f"{load}, round {number + 1} of {rounds}")
            seen, took = next_evaluations(prometheus, seen)
            for shape, count in shapes:
                theirs[shape, count].append(took[f"{shape}-{count}"])
                ours[shape, count].append(decide_seconds(ground, shape, count, load))
        for shape, count in shapes:
            what = f"{count:,} policies" if shape == "many" else f"1 policy, {count:,} subjects"
            rules = f"{count:,} rules" if shape == "many" else "1 vector rule"
            what = "1 policy" if count == 1 else what
            rules = "1 rule" if count == 1 else rules
            rows.append(Row(f"{load}: {what}", ours[shape, count], theirs[shape, count], rules,
                            duration))
    ground.end(prometheus)
    ground.end(exporter)
    return rows
