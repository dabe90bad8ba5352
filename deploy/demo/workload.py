# SPDX-License-Identifier: Apache-2.0
"""MelodyUD's workload through pgbench, and what its log says about the critical transactions.

Critical: 24 clients, 300 transactions a second, nobody asks whether they may. Sheddable: jobs that
ask homeostat.allowed() first. The storm is sheddable jobs that hold the rows of the five hottest
counters for 400 ms each.
"""
import dataclasses
import glob
import os

from processes import Child

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workload")
CRITICAL_RATE = 300  # transactions a second
CRITICAL_CLIENTS = 24
GIVES_UP_SECONDS = 0.5  # a listener does not wait longer: pgbench skips what is that late
STORM_CLIENTS = 8


@dataclasses.dataclass
class Transaction:
    ended: float  # seconds since the epoch
    seconds: float  # from when it was due; the limit when it was given up
    given_up: bool


def parse_line(line):
    """One line of pgbench's log under --rate: client, number, µs (or `skipped`, or `failed`),
    script, epoch seconds, µs, lag. Nothing for a line that is not whole."""
    words = line.split()
    if len(words) < 6:
        return None
    ended = int(words[4]) + int(words[5]) / 1e6
    if words[2].isdigit():
        return Transaction(ended, int(words[2]) / 1e6, False)
    return Transaction(ended, GIVES_UP_SECONDS, True)


class LogReader:
    """Follows the logs that a pgbench process writes."""

    def __init__(self, prefix):
        self.prefix = prefix
        self.offsets = {}
        self.transactions = []

    def read(self):
        """Takes in what was written since the last call."""
        for path in glob.glob(glob.escape(self.prefix) + ".*"):
            with open(path) as log:
                log.seek(self.offsets.get(path, 0))
                text = log.read()
            whole = text.rfind("\n") + 1
            self.offsets[path] = self.offsets.get(path, 0) + whole
            parsed = (parse_line(line) for line in text[:whole].splitlines())
            self.transactions += [t for t in parsed if t is not None]

    def between(self, start, end):
        return [t for t in self.transactions if start <= t.ended < end]


@dataclasses.dataclass
class Latency:
    """Of the critical transactions in a span of time."""
    per_second: float  # that went through
    p99: float  # seconds, given-up ones counted with the limit; nan without transactions
    given_up: int
    count: int

    @property
    def given_up_share(self):
        return self.given_up / self.count if self.count else 0.0


def latency(transactions, seconds):
    done = [t for t in transactions if not t.given_up]
    ordered = sorted(t.seconds for t in transactions)
    # Nearest rank: the smallest value that at least 99 % do not exceed.
    p99 = ordered[-(-99 * len(ordered) // 100) - 1] if ordered else float("nan")
    return Latency(len(done) / seconds if seconds > 0 else 0.0, p99,
                   len(transactions) - len(done), len(transactions))


class Workload:
    def __init__(self, postgres, folder):
        self.postgres = postgres
        self.folder = folder
        self.children = []
        self.log = LogReader(os.path.join(folder, "critical"))
        self.jobs = LogReader(os.path.join(folder, "jobs"))

    def _pgbench(self, name, role, arguments):
        child = Child(f"pgbench ({name})",
                      [self.postgres.program("pgbench"), "-n", "-M", "prepared", "-j", "1",
                       *arguments],
                      os.path.join(self.folder, f"pgbench-{name}.log"),
                      env=self.postgres.environment(role))
        self.children.append(child)
        return child

    @staticmethod
    def _script(name, weight):
        return ["-f", f"{os.path.join(SCRIPTS, name)}@{weight}"]

    def start_critical(self, seconds):
        """The listeners, and the light sheddable reading that is always there."""
        self._pgbench("critical", "melodyud_app", [
            "-c", str(CRITICAL_CLIENTS), "-T", str(seconds), "--rate", str(CRITICAL_RATE),
            "--latency-limit", str(int(GIVES_UP_SECONDS * 1000)), "--max-tries", "5",
            "--log", "--log-prefix", self.log.prefix,
            *self._script("critical/listen.sql", 90), *self._script("critical/bill.sql", 6),
            *self._script("critical/impress.sql", 4)])
        self._pgbench("recommend", "melodyud_batch", [
            "-c", "2", "-T", str(seconds), "--rate", "10",
            *self._script("sheddable/recommend.sql", 1)])

    def start_storm(self, seconds):
        """Month end: the reporting and bulk jobs set in, for so many seconds."""
        self._pgbench("storm", "melodyud_batch", [
            "-c", str(STORM_CLIENTS), "-T", str(seconds), "--max-tries", "5",
            "--log", "--log-prefix", self.jobs.prefix,
            *self._script("sheddable/monthly_report.sql", 4),
            *self._script("sheddable/bulk_update.sql", 2),
            *self._script("sheddable/top_tracks.sql", 2)])

    def jobs_done(self):
        """How many of the storm's jobs were let in and did their work, by feature."""
        return {feature: int(count) for feature, count in self.postgres.sql(
            "SELECT feature, count(*) FROM melodyud.job_run GROUP BY feature")}

    def require_alive(self):
        for child in self.children:
            if not child.alive() and child.process.returncode != 0:
                child.require_alive()

    def stop(self):
        for child in self.children:
            child.stop(patience=5)
        self.children.clear()
