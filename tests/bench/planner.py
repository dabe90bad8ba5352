# SPDX-License-Identifier: Apache-2.0
"""The planner of shard moves beside Citus' own rebalancer (a model of it, which a test holds against
the real one) on random layouts, 20 seeds each: by_disk_size as it is installed, and as somebody sets
it who wants nodes even (threshold 0.01, any improvement, no base cost). Moves and bytes are the same
on every machine. Bytes are also held against what any plan must copy that ends within 10 %; ours
keeps a twentieth of that in reserve, for shards grow while they move, unless that costs more than a
tenth of the bytes. Where groups are few and large that bound is below what any plan copies."""
import dataclasses
import os
import statistics
import subprocess

from ground import DemoError, clean_environment
from table import Row, duration

NAME = "planner"
TITLE = "bytes that a plan of shard moves copies ÷ what any plan must copy that is within 10 %"
SEEDS = 20
TERABYTE = 1e12
# -> shards of a colocation group, nodes, exponent of Zipf's law, colocation groups, new nodes, rules
LAYOUTS = {
    "32 on 4 nodes, Zipf 0.8": (32, 4, 0.8, 1, 0, 0),
    "32 on 8, Zipf 0.5": (32, 8, 0.5, 1, 0, 0),
    "128 on 8, Zipf 0.8": (128, 8, 0.8, 1, 0, 0),
    "1,024 on 16, Zipf 0.8": (1024, 16, 0.8, 1, 0, 0),
    "1,024 on 32, Zipf 0.5": (1024, 32, 0.5, 1, 0, 0),
    "1,024 on 32, Zipf 0.5, 8 new": (1024, 32, 0.5, 1, 8, 0),
    "the same, a rule for each": (1024, 32, 0.5, 1, 8, 1),
    "8 groups of 64 on 16, Zipf 0.8": (64, 16, 0.8, 8, 0, 0),
    "32 on 32, Zipf 0.5": (32, 32, 0.5, 1, 0, 0),
}
OURS = "ours"
PEERS = {"default": "Citus, default", "tight": "Citus, tight"}


def missing():
    return None


@dataclasses.dataclass
class Planned:
    """Of one seed; bytes in TB, seconds of one core."""
    even: bool
    moves: int
    moved: float
    least: float
    seconds: float
    proven: bool  # that there is no plan


def parse(text):
    found = []
    for line in text.splitlines():
        even, _, moves, moved, least, micros, proven = line.split()
        found.append(Planned(even == "1", int(moves), float(moved) / TERABYTE,
                             float(least) / TERABYTE, float(micros) / 1e6, proven == "1"))
    return found


def plans(ground, planner, layout):
    done = subprocess.run([os.path.join(ground.programs, "planner_bench"), planner,
                           *map(str, layout), str(SEEDS)],
                          text=True, capture_output=True, env=clean_environment())
    if done.returncode != 0:
        raise DemoError(f"planner_bench failed: {done.stderr.strip()}")
    return parse(done.stdout)


def summary(found):
    """One planner on one layout, but for what its bytes are beside the bound."""
    even = sum(one.even for one in found) / len(found)
    text = f"within 10 %: {even:.0%} of seeds"
    if all(one.proven for one in found):
        text += ", proven that none can be"
    over = [one.moved / one.least for one in found if one.least]
    took = [one.seconds for one in found]
    return (f"{text}; worst {max(over):.2f}; {statistics.median(one.moves for one in found):.0f}"
            f" moves; {duration(statistics.median(took))}, longest {duration(max(took))}")


def rows_of(name, found):
    return [Row(f"{name}: {who}", [one.moved for one in found[key]],
                [one.least for one in found[key]], "bound", "{:.3f} TB".format,
                also=summary(found[key]))
            for key, who in {OURS: OURS, **PEERS}.items()]


def run(ground, rounds, say):
    del rounds  # would only repeat it
    rows = []
    for name, layout in LAYOUTS.items():
        say(name)
        rows += rows_of(name, {planner: plans(ground, planner, layout)
                               for planner in (OURS, *PEERS)})
    return rows
