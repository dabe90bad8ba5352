# SPDX-License-Identifier: Apache-2.0
"""The 99th percentile of an application's requests to sound zones of a Citus cluster while one worker
is frozen: with Homeostat beside it, and without. The application has a fixed number of processes, each
of which serves one request at a time; requests come whether one is free or not, and their time counts
from then on. What gets no answer gives up after two seconds, with its connection."""
import os
import subprocess
import time

import citus_nodes
from backpressure import percentile
from ground import DATABASE, DemoError, Supervisor, clean_environment
from processes import wait_until
from table import Row, duration

NAME = "isolation"
TITLE = "p99 of requests to sound zones while a worker is frozen ÷ while none is"
WORKERS, RATE, SECONDS, KEYS = 12, 60, 24, 600
FROZEN, FROZEN_AT, SETTLED = "worker-1", 4, 12  # seconds from the first request on
ROLE = "bench_load"
# The clients that are given up wait for the worker still, each with a session on every node.
SETTINGS = "max_connections = 700\n"
SCHEMA = f"""
SET citus.shard_count = 12;
CREATE TABLE bench_play (id bigint PRIMARY KEY, n bigint);
SELECT create_distributed_table('bench_play', 'id');
INSERT INTO bench_play SELECT key, 0 FROM generate_series(1, {KEYS}) AS key;
GRANT SELECT, UPDATE ON bench_play TO {ROLE};
"""
ARMS = {"calm": (False, False), "without": (True, False), "with": (True, True)}  # frozen, daemon


def missing():
    return citus_nodes.missing()


class Bench:
    def __init__(self, ground):
        self.ground = ground
        self.servers = ground.keep(citus_nodes.CitusNodes(ground.subfolder("isolation"), SETTINGS))
        self.servers.start()
        self.server = self.servers.coordinator
        self.server.sql(f"CREATE ROLE {ROLE} LOGIN")
        self.server.sql(SCHEMA)
        first = self.daemon("first")
        first.prepare()
        first.start()
        self.ground.keep(first)
        wait_until(lambda: self.server.sql("SELECT count(*) FROM homeostat.zone_place"
                                           " WHERE group_id > 0") == [["3"]],
                   "where the zones are to be known")
        ground.end(first)

    def daemon(self, name):
        folder = self.ground.subfolder(f"isolation-daemon-{name}")
        zones = "".join(f"    - {{name: {worker}, node: {worker}}}\n" for worker in citus_nodes.WORKERS)
        return Supervisor(self.ground.binary, folder, self.servers, nodes=self.servers.nodes(),
                          citus="  citus: {coordinator: coordinator}\n", speed_up=1,
                          inventory=f"  zones:\n{zones}")

    def requests(self, frozen):
        """[(came, node, end, seconds), …]"""
        info = f"host={self.server.sockets} dbname={DATABASE} user={ROLE}"
        load = subprocess.Popen(
            [os.path.join(self.ground.programs, "isolation_load"), info, str(WORKERS), str(RATE),
             str(SECONDS), str(KEYS)], stdout=subprocess.PIPE, text=True, env=clean_environment())
        if load.stdout.readline() != "ready\n":
            load.kill()
            raise DemoError("isolation_load finds nobody")
        try:
            if frozen:
                time.sleep(FROZEN_AT)
                self.servers.freeze(FROZEN)
            lines = load.stdout.read().splitlines()
        finally:
            load.kill()
            load.wait()
            self.servers.thaw()
        found = [line.split() for line in lines]
        return [(float(came), node, end, float(seconds)) for came, node, end, seconds in found]

    def arm(self, name, frozen, helped):
        daemon = None
        if helped:
            daemon = self.ground.keep(self.daemon(name))
            daemon.configure()
            daemon.start()
        try:
            found = self.requests(frozen)
        finally:
            if daemon is not None:
                self.ground.end(daemon)
        # Those that were given up wait for the worker still.
        wait_until(lambda: not self.server.sql(
            f"SELECT 1 FROM pg_stat_activity WHERE usename = '{ROLE}'"), "the clients to go",
            patience=60)
        return found


def p99(requests, since):
    """Of sound zones; what was given up counts by how long it waited."""
    return percentile([seconds for came, node, _, seconds in requests
                       if came >= since and node != FROZEN], 0.99)


def served(requests, since):
    sound = [end for came, node, end, _ in requests if came >= since and node != FROZEN]
    return sum(end == "done" for end in sound) / len(sound)


def run(ground, rounds, say):
    bench = Bench(ground)
    found = {arm: [] for arm in ARMS}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for arm, (frozen, helped) in ARMS.items():
            found[arm].append(bench.arm(f"{arm}-{number}", frozen, helped))
    rows = []
    for case, since in (("from 8 s after on", SETTLED), ("from the first moment on", FROZEN_AT)):
        calm = [p99(requests, since) for requests in found["calm"]]
        for arm in ("with", "without"):
            ours = [p99(requests, since) for requests in found[arm]]
            rows.append(Row(f"{arm} Homeostat, {case}", ours, calm, "none frozen", duration))
        for arm in ("with", "without"):
            shares = [served(requests, since) for requests in found[arm]]
            rows.append(Row(f"{arm} Homeostat, {case}: requests served", shares,
                            [served(requests, since) for requests in found["calm"]],
                            "none frozen", lambda share: f"{share * 100:.1f} %"))
    return rows
