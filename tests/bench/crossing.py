# SPDX-License-Identifier: Apache-2.0
"""From a value that crosses its limit to what is done about it: Homeostat's row in the ledger,
beside Prometheus and Alertmanager calling a webhook. Both look once a second and want one sample;
both see the same crossing, at a random moment of their seconds."""
import os
import random
import time

from alertmanager import Alertmanager
from processes import wait_until
from prometheus import Exporter, Prometheus
from table import Row, duration

NAME = "crossing"
TITLE = "crossing → action ÷ crossing → webhook of Prometheus + Alertmanager, each at 1 s"
A_ROUND = 3  # crossings
# The policies' clock runs 30 times as fast, so that the budget of 10 forward acts an hour counts
# for two minutes; what must be a second long is 30 s here.
SPEED_UP = 30
PACE = 12.5  # seconds between crossings at least: under 10 in two minutes
ALERT = "QueueTooOld"
BREACHED, CLEAR = 0.9, 0.1
POLICY = """\
version: 1
policy: crossing
kind: breaker
mode: enforce
every: 30s
open: {signal: admission_queue_age_seconds, above: 0.4, for_samples: 1, clear_below: 0.2,
       clear_for: 0s}
ladder: [{lever: feature, target: class/batch, admit: 0%, ttl: 1h}]
hold: {first: 30s, factor: 1, max: 30s}
restore: {steps: [100%], each: 30s}
limits: {per_hour: 100}
"""
EXTRA = """\
tick: 5m
sampling: {{every: 30s, fold: 30s, stale_after: 45s}}
injected: {{path: "{path}"}}
"""


def missing():
    absent = [name for name, there in (("prometheus", Prometheus.installed()),
                                       ("prometheus-alertmanager", Alertmanager.installed()))
              if not there]
    return f"{', '.join(absent)} not installed" if absent else None


class Value:
    """The one value that both watch."""

    def __init__(self, folder, exporter):
        self.path = os.path.join(folder, "samples")
        self.exporter = exporter
        self.set(CLEAR)

    def set(self, value):
        """Returns when, in seconds since the epoch."""
        with open(self.path + ".new", "w") as file:
            file.write(f"admission_queue_age_seconds cluster {value}\n")
        at = time.time()
        os.replace(self.path + ".new", self.path)
        self.exporter.text = f"bench_queue_age_seconds {value}\n"
        return at


class Latencies:
    def __init__(self, daemon, alertmanager, value):
        self.daemon = daemon
        self.alertmanager = alertmanager
        self.value = value
        self.ours, self.theirs = [], []

    def acted(self, kind, since):
        """When the ledger's newest act of this kind was written, if after `since`."""
        return next((at for at, was, outcome, *_ in reversed(self.daemon.acts())
                     if was == kind and outcome == "applied" and at >= since), None)

    def told(self, status, since):
        return next((at for at, was, name in list(self.alertmanager.receiver.notifications)
                     if was == status and name == ALERT and at >= since), None)

    def both(self, kind, status, since):
        wait_until(lambda: self.acted(kind, since) and self.told(status, since),
                   f"{kind} and {status}", patience=30, child=self.daemon.child, every=0.2)

    def crossing(self):
        began = time.monotonic()
        since = self.value.set(BREACHED)
        self.both("apply", "firing", since)
        self.ours.append(self.acted("apply", since) - since)
        self.theirs.append(self.told("firing", since) - since)
        since = self.value.set(CLEAR)
        self.both("revert", "resolved", since)
        time.sleep(max(0.0, began + PACE - time.monotonic()) + random.uniform(0, 1))


def configuration(folder, value_path):
    """What the daemon is given; its policy is written into the folder."""
    policies = os.path.join(folder, "policies")
    os.mkdir(policies)
    with open(os.path.join(policies, "crossing.yaml"), "w") as file:
        file.write(POLICY)
    return {"policies": policies, "speed_up": SPEED_UP, "extra": EXTRA.format(path=value_path)}


def run(ground, rounds, say):
    folder = ground.subfolder("crossing-files")
    exporter = ground.keep(Exporter())
    value = Value(folder, exporter)
    alertmanager = ground.keep(Alertmanager(folder))
    alertmanager.wait_ready()
    rule = {"alert": ALERT, "expr": "bench_queue_age_seconds > 0.4"}
    prometheus = ground.keep(Prometheus(folder, exporter, {"crossing": [rule]}, "1s",
                                        alertmanager.url))
    prometheus.wait_ready()
    daemon = ground.homeostat("crossing", **configuration(folder, value.path))
    latencies = Latencies(daemon, alertmanager, value)
    for number in range(rounds * A_ROUND):
        if number % A_ROUND == 0:
            say(f"round {number // A_ROUND + 1} of {rounds}, {A_ROUND} crossings each")
        latencies.crossing()
    for part in (daemon, prometheus, alertmanager, exporter):
        ground.end(part)
    ours, theirs = latencies.ours, latencies.theirs
    return [
        Row(f"median of {len(ours)} crossings", ours, theirs, "webhook", duration, paired=False),
        Row("longest", [max(ours)], [max(theirs)], "webhook", duration, paired=False)]
