# SPDX-License-Identifier: Apache-2.0
"""What one sample of the lock probe costs the server, beside one scrape of postgres_exporter: the
CPU clocks of their own backends. Homeostat itself samples, ten times as fast as normally, its
occasional reading of the whole lock table included."""
import os
import shutil
import time

from ground import DATABASE, LOAD_ROLE, Child, cpu_seconds, fetch, metric
from processes import clean_environment, free_port, wait_until
from table import Row, duration

NAME = "lock_probe"
TITLE = "one sample of the lock probe ÷ one scrape of postgres_exporter, server CPU"
PROGRAM = "prometheus-postgres-exporter"
EXPORTER_ROLE = "bench_exporter"
MONITOR_ROLE = "homeostat_monitor"
CASES = [(8, 0), (32, 0), (100, 0), (300, 0), (500, 0), (100, 100), (500, 100)]
SPEED_UP = 10  # a sample each 100 ms, and the lock table at most each 3 s
WINDOW = 3.0  # seconds of sampling a round
SCRAPES = 3  # a round
STAY = "\\sleep 2000 s\n"  # pgbench counts duration in 32 bits: not much more than this


def missing():
    return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed"


class PostgresExporter:
    def __init__(self, ground):
        server = ground.postgres()
        server.sql(f"CREATE ROLE {EXPORTER_ROLE} LOGIN IN ROLE pg_monitor")
        server.give_password(EXPORTER_ROLE)
        address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{address}/metrics"
        login = (f"host={server.sockets} user={EXPORTER_ROLE} dbname={DATABASE} sslmode=disable "
                 f"password={server.passwords[EXPORTER_ROLE]}")
        self.child = Child("postgres_exporter", [PROGRAM, f"--web.listen-address={address}"],
                           os.path.join(ground.folder, "exporter.log"),
                           env=clean_environment(DATA_SOURCE_NAME=login))
        wait_until(self._up, "postgres_exporter", child=self.child)

    def _up(self):
        try:
            return metric(fetch(self.url), "pg_up").get("") == 1
        except OSError:
            return False

    def stop(self):
        self.child.stop()


class Clients:
    """So many sessions; some of them wait for a row that one more of them holds."""

    def __init__(self, ground, count, blocked):
        self.ground = ground
        self.parts = []
        if blocked:
            self._add("holder", 1, f"BEGIN; UPDATE bench_hot SET n = n + 1;\n{STAY}END;\n")
            wait_until(lambda: self._in("idle in transaction") == 1, "the row to be held")
            self._add("blocked", blocked, "UPDATE bench_hot SET n = n + 1;\n")
        if count > blocked:
            self._add("quiet", count - blocked, f"SELECT 1;\n{STAY}")
        wait_until(lambda: self._in("idle") == count - blocked and self._waiting() == blocked,
                   f"{count} clients, {blocked} blocked", patience=120)

    def _add(self, name, count, text):
        script = self.ground.script(name, text)
        self.parts.append(self.ground.pgbench(name, ["-c", str(count), "-f", script, "-T", "3600"]))

    def _count(self, condition):
        return int(self.ground.postgres().sql(
            f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{LOAD_ROLE}' AND {condition}",
            database="postgres")[0][0])

    def _in(self, state):
        return self._count(f"state = '{state}'")

    def _waiting(self):
        return self._count("wait_event_type = 'Lock'")

    def leave(self):
        """The holder first: a session that waits for a lock does not see that its client left."""
        for part in self.parts:
            self.ground.end(part)
        wait_until(lambda: self._count("true") == 0, "the clients to leave", patience=60)


def cpu_of(ground, role):
    return {pid: cpu_seconds(pid) for pid in ground.sessions(role)}


def used(before, after):
    """CPU seconds between the two; sessions that came meanwhile count whole."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def sample_seconds(ground, daemon):
    """Server CPU of one sample."""
    def skipped():
        return metric(fetch(f"{daemon.url}/metrics"), "homeostat_steps_skipped_total")[""]

    skipped_before, began = skipped(), time.monotonic()
    before = cpu_of(ground, MONITOR_ROLE)
    time.sleep(WINDOW)
    after = cpu_of(ground, MONITOR_ROLE)
    steps = (time.monotonic() - began) * SPEED_UP - (skipped() - skipped_before)
    return used(before, after) / steps


def scrape_seconds(ground, exporter):
    """Server CPU of one scrape."""
    before = cpu_of(ground, EXPORTER_ROLE)
    for _ in range(SCRAPES):
        fetch(exporter.url)
    return used(before, cpu_of(ground, EXPORTER_ROLE)) / SCRAPES


def run(ground, rounds, say):
    server = ground.postgres()
    server.sql("CREATE TABLE bench_hot (n bigint); INSERT INTO bench_hot VALUES (0);"
               f"GRANT UPDATE, SELECT ON bench_hot TO {LOAD_ROLE}")
    exporter = ground.keep(PostgresExporter(ground))
    daemon = ground.homeostat("lock_probe", speed_up=SPEED_UP)
    rows = []
    for count, blocked in CASES:
        what = f"{count} clients, " + (f"{blocked} blocked" if blocked else "quiet")
        say(what)
        clients = Clients(ground, count, blocked)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(sample_seconds(ground, daemon))
            theirs.append(scrape_seconds(ground, exporter))
        clients.leave()
        rows.append(Row(what, ours, theirs, "scrape", duration))
    ground.end(daemon)
    ground.end(exporter)
    return rows
