# SPDX-License-Identifier: Apache-2.0
"""deploy/demo/run --compare: the same storm with the recommended policies, with the source
document's rules, and without a supervisor, several times in turn."""
import os
import random
import shutil
import tempfile
import time

from comparison import ARMS, Comparison, outcome, percent, seconds
from postgres import DATABASE, Postgres
from summary import forward
from supervisor import MANAGED_ROLE, REPO, SPEED_UP, Supervisor
from workload import Workload

CALM = 4  # seconds before each storm, and a random part of the rules' period on top: the storm
PERIOD = 30 / SPEED_UP  # must not always begin at the same moment of it
STORM = 20  # seconds that its cause lasts
AFTERMATH = 10  # seconds that are still watched
SEEDED = "melodyud_seeded"  # what each storm's database is copied from


class Compare:
    def __init__(self, binary, rounds, display):
        self.binary = binary
        self.rounds = rounds
        self.say = display.say
        # Not TMPDIR: the server runs as another user, who must be able to pass.
        self.folder = tempfile.mkdtemp(prefix="homeostat-compare.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.postgres = Postgres(self.folder)
        self.supervisor = None
        self.workload = None

    def start(self):
        self.say("==> a throw-away PostgreSQL, the MelodyUD schema, Homeostat's schema")
        self.postgres.start()
        self.postgres.run_file(os.path.join(REPO, "sql/melodyud/schema.sql"))
        self.postgres.run_file(os.path.join(REPO, "sql/melodyud/seed.sql"))
        for role in ("melodyud_app", "melodyud_batch"):
            self.postgres.give_password(role)
        Supervisor(self.binary, self.folder, self.postgres, managed_role=MANAGED_ROLE).prepare()
        self.postgres.sql(f"ALTER DATABASE {DATABASE} RENAME TO {SEEDED}", database="postgres")

    def once(self):
        trials = self.rounds * len(ARMS)
        self.say(f"==> {trials} storms of {STORM} s; every duration of the policies is divided by "
                 f"{SPEED_UP}; about {trials * (CALM + STORM + AFTERMATH + 5) // 60 + 1} minutes")
        outcomes = {arm: [] for arm in ARMS}
        arms = list(ARMS)
        for number in range(self.rounds):
            # Every round begins with another arm: what changes with time meets all of them.
            first = number % len(arms)
            for arm in arms[first:] + arms[:first]:
                found = self.trial(f"{number + 1}-{arms.index(arm)}", ARMS[arm])
                outcomes[arm].append(found)
                self.say(f"    round {number + 1} of {self.rounds}, {arm:<15} "
                         f"{percent(found.beyond or 0):>6} beyond 500 ms, undisturbed after "
                         f"{seconds(found.recovered)}, {found.done} of {found.attempts} jobs")
        comparison = Comparison(outcomes)
        self.say()
        for line in comparison.lines():
            self.say(line)
        failures = comparison.failures()
        for failure in failures:
            self.say(f"FAILED: {failure}")
        return 1 if failures else 0

    def trial(self, name, policies):
        """One storm on a fresh copy of the database: no ledger, budget or bloat of an earlier one."""
        folder = os.path.join(self.folder, name)
        os.mkdir(folder)
        self.postgres.sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", database="postgres")
        self.postgres.sql(f"CREATE DATABASE {DATABASE} TEMPLATE {SEEDED}", database="postgres")
        if policies is not None:
            self.supervisor = Supervisor(self.binary, folder, self.postgres, policies=policies,
                                         managed_role=MANAGED_ROLE)
            self.supervisor.configure()
            self.supervisor.start()
        self.workload = Workload(self.postgres, folder)
        self.workload.start_critical(CALM + STORM + AFTERMATH + 60)
        self.wait(CALM + random.uniform(0, PERIOD))
        began = time.time()
        self.workload.start_storm(STORM)
        self.wait(STORM + AFTERMATH)
        ended = time.time()
        acts = len(forward(self.supervisor.acts())) if self.supervisor else 0
        self.workload.stop()
        done = sum(self.workload.jobs_done().values())
        self.stop_supervisor()
        self.workload.log.read()
        self.workload.jobs.read()
        return outcome(self.workload.log, began, ended,
                       attempts=len(self.workload.jobs.transactions), done=done, acts=acts)

    def wait(self, how_long):
        until = time.monotonic() + how_long
        while time.monotonic() < until:
            time.sleep(min(0.2, max(0.0, until - time.monotonic())))
            self.postgres.child.require_alive()
            self.workload.require_alive()
            if self.supervisor:
                self.supervisor.child.require_alive()

    def stop_supervisor(self):
        if self.supervisor is not None:
            self.supervisor.stop()
            self.supervisor = None

    def stop(self, keep):
        if self.workload is not None:
            self.workload.stop()
        self.stop_supervisor()
        self.postgres.stop()
        if keep:
            self.say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder)
