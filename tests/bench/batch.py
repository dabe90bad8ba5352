# SPDX-License-Identifier: Apache-2.0
"""Four rules for a batch window, each on the same rise of events through a real broker into a
PostgreSQL whose commits are durable. One is a window that never changes; the others are shipped
policies, each followed by a daemon of its own, whose control topic the consumer obeys."""
import dataclasses
import os
import shutil
import threading
import time

from ground import REPO, DemoError, cpu_seconds
from table import Row, duration, per_second

import broker
from pipeline import ROLE, SCHEMA, Pipeline, latency_quantile
from postgres import Postgres
from processes import wait_until
from supervisor import Supervisor

NAME = "batch"
TITLE = "play events in batches: one rule of the window ÷ another, through Kafka into PostgreSQL"
SETTINGS = """
fsync = on
synchronous_commit = on
full_page_writes = on
"""
RULES = {"fixed": "100 ms, draining", "bare": "min(100 ms, 1/λ), a window a batch",
         "formula": "min(100 ms, 1/λ), draining", "measured": "measured n, draining"}
POLICIES = {"bare": "source", "formula": "recommended", "measured": "recommended/measured"}
# A consumer reports its costs each 5 s, and of batches of one size nothing can be learned.
WARM_UP = (100, 8)
PHASES = ((100, 6), (1_000, 10), (10_000, 8), (50_000, 14), (100_000, 10))  # events/s, seconds
TOP = PHASES[-1][0]
STALLED = 50_000  # in this phase nobody can write for STALL seconds
STALL, STALL_AFTER = 4, 2
SETTLE = 3.0  # seconds of a phase that are left out: Homeostat measures and decides once a second
CATCH_UP = 5  # seconds after the last phase
REMEMBERED = 100_000  # event ids a partition, play_consumer's default
HEADING = (f"    {'events/s':>8}  {'done/s':>8}  {'p50':>9} {'p99':>9}  {'commits/s':>9}  {'busy':>5}"
           f"  {'rows/event':>10}  {'peak backlog':>12}")


def missing():
    return broker.missing()


@dataclasses.dataclass
class Phase:
    """What one rule made of one rate."""
    rate: int
    done: float  # events a second
    p50: float  # seconds, from an event until its commit
    p99: float
    commits: float  # a second
    busy: float  # share of the time
    rows: float  # written for each event
    peak: int  # events not yet applied, at most

    def line(self):
        return (f"    {self.rate:>8,}  {self.done:>8,.0f}  {duration(self.p50):>9} "
                f"{duration(self.p99):>9}  {self.commits:>9,.0f}  {self.busy:>5.0%}"
                f"  {self.rows:>10.2f}  {self.peak:>12,}")


def made_by(produced, at):
    """Events made by a time, between the producer's lines evenly."""
    before = produced[0]
    for line in produced[1:]:
        if line["at"] >= at:
            share = (at - before["at"]) / (line["at"] - before["at"])
            return before["made"] + share * (line["made"] - before["made"])
        before = line
    return before["made"]


def phase_of(rate, consumed, produced, start, end):
    """The figures of the consumer's lines between two times."""
    lines = [line for line in consumed if start <= line["at"] <= end]
    if len(lines) < 2:
        raise DemoError(f"the consumer said nothing at {rate} events/s")
    first, last = lines[0], lines[-1]
    seconds = last["at"] - first["at"]

    def grown(name):
        return last[name] - first[name]

    events = max(grown("events"), 1)
    peak = max(max(line["peak_backlog"], made_by(produced, line["at"]) - line["events"])
               for line in lines[1:])
    nan = float("nan")
    return Phase(rate, grown("events") / seconds, latency_quantile(lines[1:], 0.5) or nan,
                 latency_quantile(lines[1:], 0.99) or nan, grown("batches") / seconds,
                 grown("busy_seconds") / seconds, grown("rows") / events, int(peak))


def phases_of(consumed, produced):
    began = produced[0]["at"] + WARM_UP[1]
    found = []
    for rate, seconds in PHASES:
        found.append(phase_of(rate, consumed, produced, began + SETTLE, began + seconds))
        began += seconds
    return found


class Site:
    """A broker and a PostgreSQL for all runs; each run has its own topic and group."""

    def __init__(self, ground):
        self.ground = ground
        folder = ground.subfolder("batch")
        self.postgres = ground.keep(Postgres(folder, SETTINGS))
        self.postgres.start()
        for path in ("sql/melodyud/schema.sql", "sql/melodyud/seed.sql", SCHEMA):
            self.postgres.run_file(os.path.join(REPO, path))
        self.postgres.give_password(ROLE)
        self.broker = ground.keep(broker.Broker(folder))
        self.broker.start()
        first = self.supervisor(folder, "recommended", "counts")
        first.prepare()
        first.let_report(ROLE)
        self.programs = os.path.join(ground.programs, "../../deploy/demo/pipeline")
        self.runs = 0

    def supervisor(self, folder, policies, group):
        """A daemon, not started, that follows one policy at the speed it is shipped with."""
        alone = os.path.join(folder, "policies")
        os.makedirs(alone)
        shutil.copy(os.path.join(REPO, "policies", policies, "batch-window.yaml"), alone)
        return Supervisor(self.ground.binary, folder, self.postgres, policies=alone, speed_up=1,
                          extra=f"kafka: {{bootstrap: [\"{self.broker.bootstrap}\"],"
                                f" groups: [{group}]}}\n")

    def pipeline(self, profile, policies=None, more=()):
        """Producer and consumer, and who sets the window; nobody: it is 100 ms."""
        self.runs += 1
        topic, group = f"play_events_{self.runs}", f"counts-{self.runs}"
        folder = self.ground.subfolder(f"batch/{self.runs}")
        made = Pipeline(folder, self.postgres, self.broker, self.programs)
        self.ground.keep(made)
        daemon = None
        if policies:
            daemon = self.supervisor(folder, policies, group)
            daemon.configure()
            self.ground.keep(daemon)
            daemon.start()
        # As it would stand after a quiet night.
        self.postgres.sql("VACUUM melodyud.track_stats")
        self.postgres.sql("CHECKPOINT")
        made.start_producer(profile, topic)
        made.start_consumer("control" if daemon else "fixed:100ms", topic, group, more)
        return made, daemon

    def stall(self):
        """Nobody can write to the counters for a while."""
        self.postgres.sql("BEGIN; LOCK TABLE melodyud.track_stats IN EXCLUSIVE MODE;"
                          f"SELECT pg_sleep({STALL}); COMMIT")


def profile_text(steps):
    return ", ".join(f"{rate}/s for {seconds}s" for rate, seconds in steps)


def wait(pipeline, seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(0.1)
        pipeline.require_alive()


def try_rule(site, rule):
    """(its phases, events still not applied at the end)."""
    pipeline, daemon = site.pipeline(profile_text((WARM_UP, *PHASES)), POLICIES.get(rule))
    while pipeline.produced.last() is None:
        wait(pipeline, 0.1)
    before_stall = WARM_UP[1] + STALL_AFTER + sum(
        seconds for rate, seconds in PHASES if rate < STALLED)
    wait(pipeline, pipeline.produced.read()[0]["at"] + before_stall - time.time())
    stall = threading.Thread(target=site.stall)
    stall.start()
    while pipeline.producer.alive():
        wait(pipeline, 0.1)
    stall.join()
    wait(pipeline, CATCH_UP)
    produced, consumed = pipeline.produced.read(), pipeline.consumed.read()
    site.ground.end(pipeline)
    if daemon is not None:
        if not daemon.status()["batch_windows"]:
            raise DemoError(f"Homeostat set no window: {daemon.status()['bar']}")
        site.ground.end(daemon)
    return phases_of(consumed, produced), produced[-1]["made"] - consumed[-1]["events"]


def cpu_per_event(site, remembered):
    """Of the consumer at the highest rate, that remembers so many ids a partition."""
    seconds = 6
    pipeline, _ = site.pipeline(profile_text(((TOP, seconds),)),
                                more=("--remember", str(remembered)))
    wait_until(lambda: (pipeline.consumed.last() or {"events": 0})["events"] > 0,
               "the first events to be applied", patience=60, child=pipeline.consumer)
    pid = pipeline.consumer.process.pid
    events, cpu = pipeline.consumed.last()["events"], cpu_seconds(pid)
    wait(pipeline, seconds - 2)
    per_event = (cpu_seconds(pid) - cpu) / (pipeline.consumed.last()["events"] - events)
    site.ground.end(pipeline)
    return per_event


def unique_row_per_event(site):
    """Seconds that PostgreSQL takes for a row of a unique event id, in batches of 1,000."""
    batches, size = 50, 1000
    site.postgres.sql("CREATE TABLE IF NOT EXISTS melodyud.seen_event (event_id bigint PRIMARY KEY);"
                      "TRUNCATE melodyud.seen_event")
    began = time.monotonic()
    site.postgres.sql("".join(
        "INSERT INTO melodyud.seen_event SELECT g FROM generate_series("
        f"{batch * size}, {(batch + 1) * size - 1}) AS g ON CONFLICT DO NOTHING;"
        for batch in range(batches)))
    return (time.monotonic() - began) / (batches * size)


def run(ground, rounds, say):
    site = Site(ground)
    passes = max(1, rounds // 5)  # one takes minutes
    found = {rule: [] for rule in RULES}
    memory, table = [], []
    for number in range(passes):
        rules = list(RULES)
        first = number % len(rules)
        for rule in rules[first:] + rules[:first]:
            phases, behind = try_rule(site, rule)
            found[rule].append(phases)
            say(f"{RULES[rule]} (pass {number + 1} of {passes})")
            say(HEADING)
            for phase in phases:
                say(phase.line())
            say(f"    {CATCH_UP} s after the last event, {behind:,} are not applied")
        remembered, none = cpu_per_event(site, REMEMBERED), cpu_per_event(site, 1)
        memory.append(max(remembered - none, 1e-9))
        table.append(unique_row_per_event(site))

    def at_top(rule, name):
        return [getattr(phases[-1], name) for phases in found[rule]]

    bare = at_top("bare", "done")
    return [
        *(Row(f"done at {TOP:,}/s: {RULES[rule]}", at_top(rule, "done"), bare, RULES["bare"],
              per_second) for rule in ("fixed", "formula", "measured")),
        Row(f"p99 at {TOP:,}/s: {RULES['measured']}", at_top("measured", "p99"),
            at_top("fixed", "p99"), RULES["fixed"], duration),
        *(Row(f"rows written an event at {TOP:,}/s: {RULES[rule]}", at_top(rule, "rows"),
              [1.0] * passes, "a write each", "{:.2f}".format) for rule in ("fixed", "measured")),
        Row("duplicate detection, an event", memory, table, "a unique row in PostgreSQL", duration)]
