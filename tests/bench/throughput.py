# SPDX-License-Identifier: Apache-2.0
"""pgbench with Homeostat beside the server and without, in turn. What sampling once a second takes
is far below the noise of throughput, so it is sampled a hundred times a second too, and its CPU is
read from the clocks of its sessions."""
import os
import re
import time

from ground import DemoError, cpu_seconds
from table import Row, duration, per_second

NAME = "throughput"
TITLE = "pgbench (TPC-B, prepared) with Homeostat ÷ without"
BASE = "bench_tpcb"
CLIENTS, THREADS, SECONDS, SCALE = 8, 2, 5, 10
ROLES = ("homeostat_monitor", "homeostat_actuator")
CORES = "a second of every core"
ARMS = {"without": None, "1 sample/s": 1, "100 samples/s": 100}  # -> speed_up


def missing():
    return None


def fill(ground):
    server = ground.postgres()
    server.sql(f"CREATE DATABASE {BASE} OWNER bench_load", database="postgres")
    ground.pgbench_to_the_end("fill", ["-i", "-s", str(SCALE), "-q"], database=BASE)


def transactions_per_second(ground):
    text = ground.pgbench_to_the_end(
        "tpcb", ["-M", "prepared", "-c", str(CLIENTS), "-j", str(THREADS), "-T", str(SECONDS)],
        database=BASE)
    found = re.search(r"^tps = ([0-9.]+)", text, re.MULTILINE)
    if found is None:
        raise DemoError(f"pgbench told no throughput:\n{text}")
    return float(found.group(1))


class Measured:
    def __init__(self):
        self.tps = []
        self.server = []  # CPU seconds a second of our sessions
        self.daemon = []  # CPU seconds a second of the daemon itself


def measure(ground, speed_up, into):
    if speed_up is None:
        into.tps.append(transactions_per_second(ground))
        return
    daemon = ground.homeostat(f"throughput-{speed_up}-{len(into.tps)}", speed_up=speed_up)

    def clocks():
        sessions = [pid for role in ROLES for pid in ground.sessions(role)]
        return sum(map(cpu_seconds, sessions)), cpu_seconds(daemon.child.process.pid)

    began, (server, own) = time.monotonic(), clocks()
    into.tps.append(transactions_per_second(ground))
    server_after, own_after = clocks()
    elapsed = time.monotonic() - began
    into.server.append((server_after - server) / elapsed)
    into.daemon.append((own_after - own) / elapsed)
    ground.end(daemon)


def run(ground, rounds, say):
    fill(ground)
    found = {arm: Measured() for arm in ARMS}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        arms = list(ARMS)
        first = number % len(arms)
        for arm in arms[first:] + arms[:first]:
            measure(ground, ARMS[arm], found[arm])
    without, once = found["without"].tps, found["1 sample/s"]
    cores = [float(os.cpu_count() or 1)] * rounds
    often = found["100 samples/s"]
    return [
        Row("1 sample/s", once.tps, without, "without", per_second),
        Row("100 samples/s", often.tps, without, "without", per_second),
        Row("server CPU at 1 sample/s", once.server, cores, CORES, duration),
        Row("server CPU at 100 samples/s", often.server, cores, CORES, duration),
        Row("the daemon's own CPU at 1 sample/s", once.daemon, cores, CORES, duration)]
