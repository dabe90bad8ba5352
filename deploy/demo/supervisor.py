# SPDX-License-Identifier: Apache-2.0
"""Homeostat as the demo runs it, and what its HTTP interface says."""
import dataclasses
import json
import os
import re
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from postgres import DATABASE
from processes import Child, DemoError, clean_environment, free_port, wait_until

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
POLICY = "circuit-breaker"
ALERT = "HomeostatCircuitBreaker"
SPEED_UP = 10
WINDOW_POLICY = "batch-window"
FEATURES = {
    "monthly_report": "batch",
    "bulk_update": "batch",
    "top_tracks_view": "rebuildable",
    "recommendations": "non_critical",
}
MANAGED_ROLE = "melodyud_batch"  # runs the sheddable jobs

# The profile of README's example, for one role.
PROFILE = """\
  profiles:
    contention:
      roles: [{role}]
      settings: {{max_parallel_workers_per_gather: 0, jit: off, lock_timeout: 2s,
                 idle_in_transaction_session_timeout: 10s}}
"""

# The recommended policies as they are shipped; `speed_up` divides every duration and nothing else.
NODE = """\
    - {{name: {name}, host: {host}, port: {port}, dbname: {database}, user: homeostat_monitor,
       sslmode: prefer, password_file: {password}}}"""
CONFIG = """\
version: 1
mode_ceiling: enforce
speed_up: {speed_up}
policies: [{policies}]
postgres:
  nodes:
{nodes}
  ledger: {{node: {home}, user: homeostat_actuator, password_file: {actuator_password}}}
{citus}{alertmanager}http: {{listen: "127.0.0.1:{port}"}}
journal: {{path: {journal}}}
inventory:
  features:
{features}
{profile}{inventory}"""


@dataclasses.dataclass
class Node:
    """A server of the cluster, as Homeostat reaches it."""
    name: str
    host: str  # a name, an address, or the folder of a Unix socket
    port: int = 5432


class Supervisor:
    """`postgres` has the ledger, and is the first of `nodes` (by default the only one). `policies` is
    the folder of the shipped ones to run; `citus` (in its section postgres), `inventory` and `extra`
    are added to the configuration. Without a `managed_role` there is no planner profile."""

    def __init__(self, binary, folder, postgres, alertmanager_url=None, *,
                 policies="policies/recommended", speed_up=SPEED_UP, database=DATABASE, extra="",
                 managed_role=None, nodes=None, citus="", inventory=""):
        self.binary = binary
        self.folder = folder
        self.postgres = postgres
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = os.path.join(folder, "homeostat.yaml")
        self.alertmanager_url = alertmanager_url
        self.policies = policies
        self.speed_up = speed_up
        self.database = database
        self.extra = extra
        self.managed_role = managed_role
        self.nodes = nodes or [Node("main", postgres.sockets)]
        self.citus = citus
        self.inventory = inventory
        self.child = None

    def prepare(self):
        """Roles, passwords, configuration and the schema: what a DBA does once."""
        for script in ("monitor_role", "actuator_roles"):
            self.postgres.run_file(os.path.join(REPO, f"sql/{script}.sql"))
        for role in ("owner", "monitor", "actuator"):
            self.postgres.give_password(f"homeostat_{role}")
        self.configure()
        self._once("migrate", "--config", self.config, "--user", "homeostat_owner",
                   "--password-file", self.postgres.password_files["homeostat_owner"])
        if self.managed_role:
            self.postgres.run_file(self._once("grants", "--actuator", "--config", self.config))

    def let_report(self, role):
        """This role may report what its batches cost."""
        self.postgres.run_file(self._once("grants", "--consumer", role))

    def replay_command(self):
        return (f"{self.binary} replay {os.path.join(self.folder, 'journal.db')}"
                f" --config {self.config}")

    def configure(self):
        """Writes the configuration. REQUIRES: the roles have passwords (`prepare`)."""
        files = self.postgres.password_files
        quoted = json.dumps  # a JSON string is a YAML string
        alertmanager = (f"alertmanager: {{urls: [{quoted(self.alertmanager_url)}]}}\n"
                        if self.alertmanager_url else "")
        with open(self.config, "w") as file:
            file.write(CONFIG.format(
                speed_up=self.speed_up, database=self.database, port=self.port,
                alertmanager=alertmanager,
                policies=quoted(os.path.join(REPO, self.policies, "*.yaml")),
                nodes="\n".join(NODE.format(
                    name=node.name, host=quoted(node.host), port=node.port, database=self.database,
                    password=quoted(files["homeostat_monitor"])) for node in self.nodes),
                home=self.nodes[0].name, citus=self.citus, inventory=self.inventory,
                actuator_password=quoted(files["homeostat_actuator"]),
                journal=quoted(os.path.join(self.folder, "journal.db")),
                profile=PROFILE.format(role=self.managed_role) if self.managed_role else "",
                features="\n".join(f"    - {{name: {name}, class: {klass}}}"
                                   for name, klass in FEATURES.items())) + self.extra)

    def let_move(self, role):
        """Shards of this role's tables may be moved."""
        self.postgres.run_file(self._once("grants", "--citus", role))

    def shard_plan(self):
        """What `homeostat plan shards` prints, whether the plan comes out even or not."""
        return subprocess.run([self.binary, "plan", "shards", "--config", self.config], text=True,
                              capture_output=True, env=clean_environment()).stdout

    def _once(self, *arguments):
        """Runs the binary to its end; the file with what it printed."""
        name = "-".join(word.strip("-") for word in arguments[:2])
        log = os.path.join(self.folder, f"homeostat-{name}.log")
        child = Child(f"homeostat {arguments[0]}", [self.binary, *arguments], log,
                      env=clean_environment())
        if child.process.wait(60) != 0:
            raise DemoError(f"homeostat {arguments[0]} failed:\n{child.last_lines()}")
        return log

    def start(self):
        self.child = Child("homeostat", [self.binary, "run", "--config", self.config],
                           os.path.join(self.folder, "homeostat.log"), death_signal="TERM")
        wait_until(self.leads, "Homeostat to lead", child=self.child)

    def leads(self):
        try:
            return bool(self.status()["leader"])
        except DemoError:
            return False

    def get(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self.url}{path}?{query}" if query else self.url + path,
                                        timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise DemoError(f"{path} of Homeostat: {error}") from error

    def status(self):
        return self.get("/v1/status")

    def details(self, name, label):
        """The series homeostat_NAME of /metrics, by one of its labels."""
        try:
            with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:
                text = answer.read().decode()
        except (urllib.error.URLError, OSError) as error:
            raise DemoError(f"/metrics of Homeostat: {error}") from error
        series = re.compile(rf'^homeostat_{name}{{.*\b{label}="([^"]*)".*}} (\S+)$', re.MULTILINE)
        return {found: float(value) for found, value in series.findall(text)}

    def decisions(self):
        """The recorded verdicts of the policy that changed something, oldest first:
        (seconds since the epoch, verdict)."""
        rows = self.get("/v1/decisions", policy=POLICY, limit=1000)["decisions"]
        return [(row["wall_us"] / 1e6, row["verdict"]) for row in reversed(rows)]

    def effects(self):
        return [row["effect"]
                for row in reversed(self.get("/v1/effects", policy=POLICY)["effects"])]

    def acts(self):
        """The ledger's acts, oldest first, from the database: (seconds since the epoch, kind,
        outcome, target, admitted share or None, reason)."""
        rows = self.postgres.sql(
            "SELECT extract(epoch FROM at), kind, outcome, target, coalesce(value->>'admit', ''),"
            " reason FROM homeostat.act WHERE lever = 'feature' ORDER BY id")
        return [(float(at), kind, outcome, target, float(admit) if admit else None, reason)
                for at, kind, outcome, target, admit, reason in rows]

    def profile_acts(self):
        """The same of the planner profile: (seconds since the epoch, kind, outcome)."""
        rows = self.postgres.sql("SELECT extract(epoch FROM at), kind, outcome FROM homeostat.act"
                                 " WHERE lever = 'planner_profile' ORDER BY id")
        return [(float(at), kind, outcome) for at, kind, outcome in rows]

    def window_acts(self):
        """When the batch window was set, and to what: [(seconds since the epoch, milliseconds), …];
        None: there is no policy that does."""
        if not any(policy["name"] == WINDOW_POLICY for policy in self.status()["policies"]):
            return None
        return [(float(at), float(ms)) for at, ms in self.postgres.sql(
            "SELECT extract(epoch FROM at), (value->>'window')::float * 1000 FROM homeostat.act"
            " WHERE lever = 'batch_window' AND kind = 'apply' AND outcome = 'applied' ORDER BY id")]

    def role_settings(self):
        """What is set on the managed role in this database, as it stands: [`jit=off`, …]."""
        rows = self.postgres.sql(
            "SELECT unnest(setconfig) FROM pg_db_role_setting WHERE setdatabase <> 0"
            f" AND setrole = '{self.managed_role}'::regrole")
        return sorted(setting for setting, in rows)

    def open_ledger_rows(self):
        """A batch window stands as long as events come: it restricts nothing."""
        return int(self.postgres.sql("SELECT count(*) FROM homeostat.lever"
                                     " WHERE status = 'open' AND lever <> 'batch_window'")[0][0])

    def refused_keys(self):
        """Of 1,000 keys a feature: how many homeostat.allowed() turns away, by feature."""
        return {name: int(self.postgres.sql(
            f"SELECT count(*) FILTER (WHERE NOT homeostat.allowed('{name}', k::text))"
            " FROM generate_series(1, 1000) AS k")[0][0])
            for name in FEATURES}

    def stop(self):
        """SIGTERM; its exit status."""
        if self.child is None:
            return None
        self.child.stop(patience=20)
        return self.child.process.returncode


class View:
    """What the demo shows of one status report."""

    def __init__(self, status):
        self.bar = status["bar"]
        self.levers = status["levers"]
        self.stale_sessions = status["stale_sessions"]
        verdict = next((v for v in status["verdicts"] if v["policy"] == POLICY), None)
        self.state = verdict["state"] if verdict else "–"
        self.rung = verdict["rung"] if verdict else 0
        self.rungs = verdict["rungs"] if verdict else 0
        sample = next((s for s in status["samples"]
                       if s["signal"] == "pg_blocked_ratio"), None)
        self.quality = sample["quality"] if sample else "absent"
        self.blocked = sample["numerator"] if sample else 0
        self.open = sample["denominator"] if sample else 0
        arm = next((e for e in verdict["evidence"] if e["signal"] == "pg_blocked_ratio"),
                   {}) if verdict else {}
        self.ratio = arm.get("judged")
        self.cusum = arm.get("cusum")
        test = next((a["test"] for p in status["policies"] if p["name"] == POLICY
                     for a in p["open"]["arms"] if a["signal"] == "pg_blocked_ratio"), {})
        self.ref, self.trip = test.get("ref"), test.get("trip")

    def restrictions(self):
        """Levers that take something away from somebody."""
        return [lever for lever in self.levers if lever["lever"] != "batch_window"]

    def shed(self):
        """What stands away from its baseline: {`batch`: 0.0, …}."""
        return {lever["target"].removeprefix("class/"): lever["value"].get("admit")
                for lever in self.levers if lever["lever"] == "feature"}

    def profile(self):
        """Whether the planner profile stands, and sessions that are older than it."""
        stands = any(lever["lever"] == "planner_profile" for lever in self.levers)
        return stands, sum(self.stale_sessions.values())
