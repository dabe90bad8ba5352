# SPDX-License-Identifier: Apache-2.0
"""Resident memory of the daemon after an hour's worth of ticks, beside what it held after the first
minutes' worth. Time runs a hundred times as fast; one daemon a round, each leading on a database of
its own, all at once."""

from ground import DATABASE, fetch, metric, resident_bytes
from processes import wait_until
from table import Row, megabytes

NAME = "memory"
TITLE = "resident memory after an hour's ticks ÷ after five minutes' ticks"
SPEED_UP = 100
SETTLED, HOUR = 10, 120  # ticks of 30 s


def missing():
    return None


def ticks(daemon):
    return metric(fetch(f"{daemon.url}/metrics"), "homeostat_ticks_total")[""]


def run(ground, rounds, say):
    server = ground.postgres()
    daemons = []
    for number in range(rounds):
        database = f"bench_memory_{number}"
        server.sql(f"CREATE DATABASE {database} TEMPLATE {DATABASE}", database="postgres")
        server.sql("GRANT CONNECT ON DATABASE " + database
                   + " TO homeostat_monitor, homeostat_actuator")
        daemons.append(ground.homeostat(f"memory-{number}", speed_up=SPEED_UP, database=database))
    early, late = [], []
    for daemon in daemons:
        wait_until(lambda: ticks(daemon) >= SETTLED, "the first ticks", child=daemon.child)
        early.append(resident_bytes(daemon.child.process.pid))
    say(f"{rounds} daemons for {HOUR} ticks")
    for daemon in daemons:
        wait_until(lambda: ticks(daemon) >= HOUR, f"{HOUR} ticks", patience=600, every=1,
                   child=daemon.child)
        late.append(resident_bytes(daemon.child.process.pid))
    for daemon in daemons:
        ground.end(daemon)
    return [Row("daemon, recommended policies", late, early, "at first", megabytes)]
