#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One storm (or, without --seconds, one every four minutes) on a throw-away PostgreSQL.

Started by deploy/demo/run, which installs and builds what is missing first.
"""
import argparse
import math
import os
import shutil
import signal
import sys
import tempfile
import time

import broker
import events
import pipeline
from alertmanager import Alertmanager
from compare import Compare
from display import Display
from events import Events
from postgres import Postgres
from processes import DemoError
from shards import Shards
from summary import Facts, Summary
from supervisor import ALERT, MANAGED_ROLE, REPO, Supervisor, View
from workload import Workload, latency

CALM = 15  # seconds before the first storm
STORM = 25  # seconds that the storm's cause lasts
RECOVERY = 35  # seconds that a storm's aftermath needs at least
STORM_EVERY = 240  # seconds, without --seconds: six forward acts in six minutes are the budget
OVERTIME = 60  # seconds that --seconds may be exceeded while a breaker is still closing
LEAST = CALM + STORM + RECOVERY
ROUNDS = 5  # of --compare
AFTERMATH = 4  # seconds after everything was given back in which listeners are looked at
STEP = CALM + STORM + 10  # seconds after which ten times as many events come
LOG_DELAY = 0.5  # seconds by which pgbench's log may lag behind


class Interrupted(Exception):
    """Ctrl-C, or a polite request to end."""


def interrupt(*_):
    raise Interrupted


class Demo:
    def __init__(self, binary, seconds, display):
        self.seconds = seconds
        self.display = display
        # Not TMPDIR: the server runs as another user, who must be able to pass.
        self.folder = tempfile.mkdtemp(prefix="homeostat-demo.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.binary = binary
        self.postgres = Postgres(self.folder)
        self.alertmanager = None
        self.events = None
        self.supervisor = None
        self.workload = None
        self.started = None
        self.last_state = None
        self.changed = 0  # seconds after the start, of the breaker
        self.profile_stands = False
        self.last_acts = 0

    def at(self):
        return time.time() - self.started

    # ---- up ----

    def start(self):
        say = self.display.say
        say("==> a throw-away PostgreSQL and the MelodyUD schema")
        self.postgres.start()
        self.postgres.run_file(os.path.join(REPO, "sql/melodyud/schema.sql"))
        self.postgres.run_file(os.path.join(REPO, "sql/melodyud/seed.sql"))
        for role in ("melodyud_app", "melodyud_batch"):
            self.postgres.give_password(role)
        if Alertmanager.installed():
            say("==> Alertmanager")
            self.alertmanager = Alertmanager(self.folder)
            self.alertmanager.wait_ready()
        if broker.missing() is None:
            say("==> Kafka")
            self.events = Events(self.folder, self.postgres)
            self.events.start_broker()
        else:
            say(f"==> no event pipeline here: {broker.missing()}")
        say("==> Homeostat: roles, schema, daemon")
        url = self.alertmanager.url if self.alertmanager else None
        self.supervisor = Supervisor(self.binary, self.folder, self.postgres, url,
                                     managed_role=MANAGED_ROLE,
                                     extra=self.events.configuration() if self.events else "")
        self.supervisor.prepare()
        if self.events:
            self.supervisor.let_report(pipeline.ROLE)
        self.supervisor.start()
        say(f"    status page      {self.supervisor.url}/")
        say(f"    ask it yourself  {self.binary} status --server {self.supervisor.url}")
        if self.alertmanager:
            say(f"    Alertmanager     {self.alertmanager.url}/")
        say("==> the workload: listeners (critical), and jobs that ask homeostat.allowed()")
        self.workload = Workload(self.postgres, self.folder)
        if self.events:
            say("    and play events, through Kafka: "
                f"{events.LOW} a second, then {events.HIGH}")
            self.events.start(STEP if self.seconds else None, (self.seconds or 0) + 2 * OVERTIME)
        self.started = time.time()
        self.workload.start_critical((self.seconds or 7 * 86400) + OVERTIME)

    # ---- while it runs ----

    def watch(self, until, phase):
        """Shows a line a second until the time comes, or the condition is true."""
        done = until if callable(until) else lambda: self.at() >= until
        next_row = math.ceil(self.at())
        while not done():
            time.sleep(max(0.0, min(0.2, next_row - self.at())))
            self.supervisor.child.require_alive()
            self.postgres.child.require_alive()
            self.workload.require_alive()
            status = self.supervisor.status()
            view = View(status)
            reading = self.events.watch(status) if self.events else None
            self.tell_changes(view)
            if self.at() >= next_row:
                self.workload.log.read()
                end = time.time() - LOG_DELAY
                self.display.row(self.at(), phase, view,
                                 latency(self.workload.log.between(end - 1, end), 1), reading,
                                 self.events.window_ms() if self.events else None)
                next_row = math.floor(self.at()) + 1

    def tell_changes(self, view):
        state = (view.state, view.rung)
        if self.last_state not in (None, state):
            self.changed = self.at()
            self.display.event(self.at(), f"breaker {view.state}, rung {view.rung} of {view.rungs}")
        self.last_state = state
        stands, older = view.profile()
        if stands != self.profile_stands:
            self.display.event(self.at(), f"planner profile {'set' if stands else 'given back'}; "
                               f"{older} sessions are older than that")
        self.profile_stands = stands

    def closed(self):
        view = View(self.supervisor.status())
        return view.state == "closed" and not view.restrictions()

    def told(self):
        return self.alertmanager is None or self.alertmanager.receiver.saw("resolved", ALERT)

    def storm(self):
        self.display.event(self.at(), f"month end: reports and bulk updates set in, for {STORM} s")
        began = time.time()
        self.workload.start_storm(STORM)
        self.watch(self.at() + STORM, "storm")
        self.display.event(self.at(), "the jobs are done: the storm's cause is over")
        return began

    def once(self):
        """The run with an end: one storm, judged."""
        self.watch(CALM, "calm")
        began = self.storm()
        over = time.time()
        self.watch(self.seconds, "recovery")
        if not (self.closed() and self.told()):
            self.display.event(self.at(), "time is up, but not everything is given back yet")
            last = self.at() + OVERTIME
            self.watch(lambda: (self.closed() and self.told()) or self.at() >= last, "overtime")
        self.watch(self.changed + AFTERMATH, "after")
        return self.judge(began, over)

    def judge(self, began, over):
        ended = time.time() - LOG_DELAY
        closed = self.closed()
        self.workload.stop()
        self.workload.log.read()
        came = self.events.finish(self.supervisor.window_acts()) if self.events else None
        facts = Facts(
            calm=self.started + 3, storm=began, cause_over=over, end=ended,
            log=self.workload.log, decisions=self.supervisor.decisions(),
            acts=self.supervisor.acts(), profile_acts=self.supervisor.profile_acts(),
            role_settings=self.supervisor.role_settings(), effects=self.supervisor.effects(),
            notifications=self.alertmanager.receiver.notifications if self.alertmanager else None,
            events=came, closed=closed, open_ledger_rows=self.supervisor.open_ledger_rows(),
            refused_keys=self.supervisor.refused_keys(), exit_status=self.supervisor.stop())
        summary = Summary(facts)
        self.display.say()
        for line in summary.lines():
            self.display.say(line)
        failures = summary.failures()
        for failure in failures:
            self.display.say(f"FAILED: {failure}")
        if not failures:
            self.display.say("The loop closed: noticed, shed, helped, everything given back.")
        return 1 if failures else 0

    def forever(self):
        self.display.say("    Ctrl-C ends it and leaves nothing behind")
        self.watch(CALM, "calm")
        while True:
            began = self.at()
            self.storm()
            self.watch(began + STORM_EVERY, "quiet")

    # ---- down ----

    def stop(self, keep):
        for part in (self.workload, self.events, self.supervisor, self.alertmanager, self.postgres):
            if part is not None:
                part.stop()
        if keep:
            self.display.say(f"kept: {self.folder}")
            if self.supervisor is not None:
                self.display.say("to ask its journal what other policies would have done:\n  "
                                 f"{self.supervisor.replay_command()} --policies PATH")
        else:
            shutil.rmtree(self.folder)


def parse(arguments):
    parser = argparse.ArgumentParser(
        prog="deploy/demo/run", description="Watch Homeostat notice a lock storm, shed the jobs "
        "that cause it, and give everything back.", epilog="Example: deploy/demo/run --seconds 90")
    parser.add_argument("--seconds", type=int, metavar="N",
                        help=f"end after N seconds (at least {LEAST}) with a summary; exit 1 if the "
                        "loop did not close. Without: go on until Ctrl-C, a storm every "
                        f"{STORM_EVERY} s")
    parser.add_argument("--compare", action="store_true",
                        help="the same storm with the recommended policies, with the source "
                        "document's rules and without either, in turn; prints medians")
    parser.add_argument("--rounds", type=int, metavar="N",
                        help=f"of --compare: storms of each kind (default {ROUNDS})")
    parser.add_argument("--citus", action="store_true",
                        help="an uneven Citus cluster instead, made even while it is written to; "
                        "ends by itself")
    parser.add_argument("--cluster", metavar="DSN",
                        help="the same on a Citus cluster that runs already and is empty; DSN "
                        "reaches its coordinator as a superuser")
    parser.add_argument("--keep", action="store_true", help="leave logs and data for inspection")
    parser.add_argument("--binary", default=os.path.join(REPO, "build/release/homeostat"),
                        help="the homeostat to run (default build/release/homeostat)")
    chosen = parser.parse_args(arguments)
    if chosen.seconds is not None and chosen.seconds < LEAST:
        parser.error(f"--seconds: a storm and its aftermath need at least {LEAST}")
    if chosen.compare and chosen.seconds is not None:
        parser.error("--compare ends by itself: it takes --rounds, not --seconds")
    if (chosen.citus or chosen.cluster) and (chosen.compare or chosen.seconds is not None):
        parser.error("--citus and --cluster end by themselves, and compare nothing")
    if chosen.rounds is not None and (not chosen.compare or chosen.rounds < 1):
        parser.error("--rounds: at least 1, and only with --compare")
    return chosen


def ends_by_itself(chosen):
    return bool(chosen.seconds or chosen.compare or chosen.citus or chosen.cluster)


def main(arguments):
    chosen = parse(arguments)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    display = Display()
    demo = None
    status = 1
    try:
        if chosen.citus or chosen.cluster:
            demo = Shards(chosen.binary, display, chosen.cluster)
        elif chosen.compare:
            demo = Compare(chosen.binary, chosen.rounds or ROUNDS, display)
        else:
            demo = Demo(chosen.binary, chosen.seconds, display)
        demo.start()
        status = demo.once() if ends_by_itself(chosen) else demo.forever()
    except Interrupted:
        display.say("\ninterrupted: stopping everything")
        status = 130 if ends_by_itself(chosen) else 0
    except DemoError as error:
        print(f"FAILED: {error}", file=sys.stderr)
    finally:
        # From here on nothing may keep the clean-up from ending.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if demo is not None:
            demo.stop(chosen.keep)
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
