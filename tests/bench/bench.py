#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the benchmarks and prints one table. Started by tests/bench/run, which installs and builds
what is missing first."""
import argparse
import os
import signal
import sys
import time

from ground import REPO, DemoError, Ground
from table import Table

import allowed
import backpressure
import batch
import crossing
import decide
import detect
import isolation
import lag
import lock_probe
import memory
import planner
import rebalance
import scrape
import shard_probe
import simulate
import throughput

BENCHMARKS = {module.NAME: module
              for module in (decide, lock_probe, crossing, throughput, memory, allowed, scrape,
                             simulate, detect, lag, batch, backpressure, planner,
                             rebalance, isolation, shard_probe)}
ROUNDS = 5


class Interrupted(Exception):
    """Ctrl-C, or a polite request to end."""


def interrupt(*_):
    raise Interrupted


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tests/bench/run", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME",
                        help=f"only this one; may be repeated: {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N",
                        help=f"of every benchmark (default {ROUNDS})")
    build = os.path.join(REPO, "build/release")
    parser.add_argument("--binary", default=os.path.join(build, "homeostat"))
    parser.add_argument("--programs", default=os.path.join(build, "tests/bench"), metavar="FOLDER",
                        help="where decide_bench and metrics_bench were built")
    chosen = parser.parse_args(arguments)
    if chosen.rounds < 1:
        parser.error("--rounds: at least 1")
    return chosen


def measure(ground, chosen, table):
    for name, module in BENCHMARKS.items():
        if chosen.only and name not in chosen.only:
            continue
        reason = module.missing()
        if reason is not None:
            table.skip(f"{name} ({module.TITLE})", reason)
            continue
        print(f"==> {name}: {module.TITLE}", flush=True)
        began = time.monotonic()
        rows = module.run(ground, chosen.rounds, lambda text: print(f"    {text}", flush=True))
        print(f"    {time.monotonic() - began:.0f} s", flush=True)
        table.add(f"{name}: {module.TITLE}", rows)
    if chosen.only:
        table.skip("every other benchmark", "because of --only")


def main(arguments):
    chosen = parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    ground = Ground(chosen.binary, chosen.programs)
    table = Table()
    status = 0
    try:
        measure(ground, chosen, table)
    except Interrupted:
        print("\ninterrupted: stopping everything")
        status = 130
    except DemoError as error:
        print(f"FAILED: {error}", file=sys.stderr)
        status = 1
    finally:
        # From here on nothing may keep the clean-up from ending.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        ground.stop()
    print()
    for line in table.lines():
        print(line)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
