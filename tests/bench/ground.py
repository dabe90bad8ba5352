# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks stand on: a throw-away PostgreSQL (the demo's), Homeostat's schema in it,
clocks of other processes, and a way to have a pgbench run to its end."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPO, "deploy/demo"))

from postgres import DATABASE, Postgres  # noqa: E402
from processes import Child, DemoError, clean_environment  # noqa: E402
from supervisor import FEATURES, Supervisor  # noqa: E402

# Autovacuum would set in at some time or other, and one arm would pay for it.
SETTINGS = """
max_connections = 700
autovacuum = off
"""
LOAD_ROLE = "bench_load"  # of every client that is there to be measured beside
CPU_CLOCK = 2  # CPUCLOCK_SCHED, see clock_getcpuclockid(3)


def cpu_seconds(pid):
    """The CPU time that a process has used, to the nanosecond; any process's, see
    clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | CPU_CLOCK)


def reaped_cpu_seconds(pid):
    """The CPU time of the children that have ended and that the process has waited for; in steps
    of a clock tick (10 ms)."""
    with open(f"/proc/{pid}/stat") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def children(pid):
    """The process ids of those that have not been waited for, dead ones included."""
    found = set()
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat") as stat:
                parent = stat.read().rpartition(")")[2].split()[1]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid:
            found.add(int(name))
    return found


def resident_bytes(pid):
    with open(f"/proc/{pid}/status") as status:
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status.read(), re.MULTILINE).group(1)) * 1024


def fetch(url, patience=10):
    with urllib.request.urlopen(url, timeout=patience) as answer:
        return answer.read().decode()


def metric(text, name):
    """The values of a metric in Prometheus' text format, by labels: {'{a="b"}': 1.0, '': 2.0}."""
    found = re.findall(rf"^{re.escape(name)}(\{{.*\}})? (\S+)$", text, re.MULTILINE)
    return {labels: float(value) for labels, value in found}


class Ground:
    def __init__(self, binary, programs):
        self.binary = binary
        self.programs = programs
        # Not TMPDIR: the server runs as another user, who must be able to pass.
        self.folder = tempfile.mkdtemp(prefix="homeostat-bench.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self._postgres = None
        self._running = []

    def subfolder(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path, exist_ok=True)
        return path

    def keep(self, part):
        """A part that has stop(); stopped at the end at the latest, newest first."""
        self._running.append(part)
        return part

    def end(self, part):
        self._running.remove(part)
        part.stop()

    def postgres(self):
        """The server, started at the first call."""
        if self._postgres is None:
            self._postgres = self.keep(Postgres(self.folder, SETTINGS))
            self._postgres.start()
            Supervisor(self.binary, self.folder, self._postgres).prepare()
            self._postgres.sql(f"CREATE ROLE {LOAD_ROLE} LOGIN")
            self._postgres.give_password(LOAD_ROLE)
            self._postgres.sql("ALTER ROLE homeostat_monitor CONNECTION LIMIT -1;"
                               "ALTER ROLE homeostat_actuator CONNECTION LIMIT -1")
        return self._postgres

    def homeostat(self, name, **how):
        """A daemon that leads, beside the server; see Supervisor."""
        daemon = Supervisor(self.binary, self.subfolder(name), self.postgres(), **how)
        daemon.configure()
        self.keep(daemon)
        daemon.start()
        return daemon

    def sessions(self, role):
        """The process ids of a role's sessions."""
        rows = self.postgres().sql(
            f"SELECT pid FROM pg_stat_activity WHERE usename = '{role}' ORDER BY pid",
            database="postgres")
        return [int(pid) for pid, in rows]

    def pgbench(self, name, arguments, database=DATABASE):
        """A pgbench of the load role that goes on until it is ended."""
        server = self.postgres()
        environment = {**server.environment(LOAD_ROLE), "PGDATABASE": database}
        return self.keep(Child(f"pgbench ({name})", [server.program("pgbench"), "-n", *arguments],
                               os.path.join(self.folder, f"pgbench-{name}.log"), env=environment))

    def pgbench_to_the_end(self, name, arguments, database=DATABASE):
        """The same, waited for; its output."""
        log = os.path.join(self.folder, f"pgbench-{name}.log")
        if os.path.exists(log):
            os.remove(log)
        child = self.pgbench(name, arguments, database)
        status = child.process.wait(600)
        self.end(child)
        with open(log) as file:
            text = file.read()
        if status != 0:
            raise DemoError(f"pgbench ({name}) failed:\n{text}")
        return text

    def script(self, name, text):
        path = os.path.join(self.folder, f"{name}.sql")
        with open(path, "w") as file:
            file.write(text)
        return path

    def microbenchmark(self, name, *arguments):
        """The figures that a program of tests/bench prints in microseconds, in seconds."""
        done = subprocess.run([os.path.join(self.programs, name), *map(str, arguments)], text=True,
                              capture_output=True, env=clean_environment())
        if done.returncode != 0:
            raise DemoError(f"{name} failed: {done.stderr.strip()}")
        return [float(line) / 1e6 for line in done.stdout.splitlines()]

    def stop(self):
        while self._running:
            self._running.pop().stop()
        shutil.rmtree(self.folder)


__all__ = ["DATABASE", "FEATURES", "REPO", "Child", "DemoError", "Ground", "children", "cpu_seconds",
           "fetch", "metric", "reaped_cpu_seconds", "resident_bytes"]
