# SPDX-License-Identifier: Apache-2.0
"""The demo's event pipeline: the rate steps up tenfold once, Homeostat measures it, and what came of
that is judged here."""
import dataclasses
import statistics
import time

import broker
import pipeline
from display import milliseconds
from processes import wait_until

LOW, HIGH = 200, 2000  # events a second, before and after the step
NEAR = 0.3  # the window has followed when it is so near to where it came to rest
# Two that saw nothing but the new rate, after one whose sample had begun before the step.
EVALUATIONS = 3
AT_REST = 10  # seconds at the end over which that is seen
BOUNDED = HIGH  # events: a second's worth
PATIENCE = 20  # seconds until everything that was made must be applied, at the end
SUBJECT = f"group/{pipeline.GROUP}"
LEVER = "batch_window"
WITHOUT_END = f"{LOW}/s for 90s, {HIGH}/s for 30s"  # over and over


@dataclasses.dataclass
class Reading:
    """What Homeostat says of the group; None where it does not know."""
    lag: float
    per_second: float


def reading(status):
    def value(signal):
        sample = next((s for s in status["samples"]
                       if s["signal"] == signal and s["subject"] == SUBJECT), None)
        if sample is None or sample["quality"] == "absent":
            return None
        return sample["numerator"] / sample["denominator"] if sample["denominator"] else 0.0

    return Reading(value("kafka_consumer_lag_events"), value("kafka_arrival_events_per_second"))


class Events:
    """Broker, producer and consumer. REQUIRES: broker.missing() is None."""

    def __init__(self, folder, postgres):
        self.postgres = postgres
        self.broker = broker.Broker(folder)
        self.pipeline = pipeline.Pipeline(folder, postgres, self.broker)
        self.step_after = None
        self.lags = []  # (seconds since the epoch, events)

    def configuration(self):
        """Homeostat's section of its configuration."""
        return (f"kafka: {{bootstrap: [\"{self.broker.bootstrap}\"],"
                f" groups: [{pipeline.GROUP}]}}\n")

    def start_broker(self):
        self.postgres.run_file(pipeline.SCHEMA)
        self.postgres.give_password(pipeline.ROLE)
        self.broker.start()

    def start(self, step_after, seconds):
        """The step comes after so many seconds; without it, it comes again and again."""
        self.step_after = step_after
        if step_after is None:
            self.pipeline.start_producer(WITHOUT_END, more=("--repeat",))
        else:
            self.pipeline.start_producer(
                f"{LOW}/s for {step_after}s, {HIGH}/s for {seconds - step_after}s")
        self.pipeline.start_consumer()
        # The first events wait until the group has formed: that is no lag to be judged.
        wait_until(lambda: (self.pipeline.consumed.last() or {"events": 0})["events"] > 0,
                   "the first events to be applied", child=self.pipeline.consumer)

    def watch(self, status):
        self.pipeline.require_alive()
        self.broker.child.require_alive()
        now = reading(status)
        if now.lag is not None:
            self.lags.append((time.time(), now.lag))
        return now

    def window_ms(self):
        """That the consumer obeys."""
        line = self.pipeline.consumed.last()
        return line["window_ms"] if line else None

    def finish(self, acts):
        """Ends the producer, has the consumer apply the rest, ends it; what came of the step.
        `acts`: see Facts."""
        self.pipeline.producer.stop(patience=20)
        made = self.pipeline.produced.last()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and \
                self.pipeline.consumed.last()["messages"] < made["delivered"]:
            time.sleep(0.1)
        self.pipeline.consumer.stop(patience=20)
        consumed = self.pipeline.consumed.read()
        applied = int(self.postgres.sql("SELECT sum(next_offset) FROM melodyud.consumer_offset")[0][0])
        return Facts(step=self.pipeline.produced.lines[0]["at"] + self.step_after,
                     made=made, applied=applied, consumed=consumed, lags=self.lags, acts=acts,
                     exit_status=self.pipeline.consumer.process.returncode)

    def stop(self):
        self.pipeline.stop()
        self.broker.stop()


@dataclasses.dataclass
class Facts:
    """Times are seconds since the epoch."""
    step: float  # when the rate stepped up
    made: dict  # the producer's last line
    applied: int  # messages, by the offsets in PostgreSQL
    consumed: list  # the consumer's lines
    lags: list  # (time, events), as Homeostat measured them
    acts: list  # of the lever batch_window, applied: (time, ms); None: this Homeostat has no such lever
    exit_status: int  # of the consumer, after SIGTERM

    def settled(self):
        """Without the line of the first events, which waited until the group had formed."""
        begun = [line for line in self.consumed if line["events"] > 0]
        return begun[1:]

    def window_at_step(self):
        before = [line["window_ms"] for line in self.consumed if line["at"] < self.step]
        return before[-1] if before else None

    def window_at_rest(self):
        end = self.consumed[-1]["at"]
        return statistics.median(line["window_ms"] for line in self.consumed
                                 if line["at"] >= max(end - AT_REST, self.step))

    def near_rest(self, window):
        return abs(window - self.window_at_rest()) <= NEAR * self.window_at_rest()

    def followed_at(self):
        """When the consumer first obeyed a window near the one of the new rate; None: the rate did
        not change it."""
        before, rest = self.window_at_step(), self.window_at_rest()
        if before is None or abs(rest - before) <= NEAR * before:
            return None
        return next(line["at"] for line in self.consumed
                    if line["at"] >= self.step and self.near_rest(line["window_ms"]))

    def evaluations(self):
        """How many evaluations it took to set a window near the one of the new rate. None: it did
        not follow. An evaluation that sees the rate it knows sets nothing."""
        if self.acts is None or self.followed_at() is None:
            return None
        windows = [window for at, window in self.acts if at >= self.step]
        near = [number for number, window in enumerate(windows, 1) if self.near_rest(window)]
        return near[0] if near else None

    def highest_lag(self):
        return max((lag for at, lag in self.lags if at >= self.step), default=None)

    def bounded_at(self):
        """Since when Homeostat has not measured more lag than a second's worth; None: it has to
        the end."""
        over = [at for at, lag in self.lags if lag > BOUNDED]
        if not self.lags or (over and over[-1] == self.lags[-1][0]):
            return None
        return max([self.step, *over])

    def lines(self):
        last = self.consumed[-1]
        yield (f"  events           {LOW}/s, from {self.step_text()} on {HIGH}/s: {last['messages']} "
               f"in {last['batches']} batches, {last['rows'] / max(last['events'], 1):.2f} rows an event")
        if self.acts is None:
            yield f"  batch window     {last['window_ms']:g} ms: there is no lever for it here"
        elif self.evaluations() is None:
            yield "  batch window     did not follow the rate"
        else:
            yield (f"  batch window     {self.window_at_step():.3g} ms to {self.window_at_rest():.3g} ms,"
                   f" obeyed {self.followed_at() - self.step:.2f} s after the step: evaluation "
                   f"{self.evaluations()}, where the first saw the step in the middle of its sample")
        for what, later in (("before", False), ("after", True)):
            part = [line for line in self.settled() if (line["at"] >= self.step) == later]
            p50, p99 = (pipeline.latency_quantile(part, q) for q in (0.5, 0.99))
            if p50 is not None:
                yield (f"    {what + ' the step':<24} event to commit p50 {milliseconds(p50)}, "
                       f"p99 {milliseconds(p99)}")
        if self.highest_lag() is not None:
            yield (f"  lag              at most {self.highest_lag():.0f} events after the step, "
                   f"{self.bounded_text()}")

    def bounded_text(self):
        bounded = self.bounded_at()
        if bounded is None:
            return "and it stayed above a second's worth"
        if bounded == self.step:
            return f"never above a second's worth ({BOUNDED})"
        return f"below a second's worth ({BOUNDED}) again {bounded - self.step:.1f} s after it"

    def step_text(self):
        return f"{self.step - self.consumed[0]['at']:.0f} s"

    def failures(self):
        found = []
        if self.made["failed"]:
            found.append(f"{self.made['failed']} events never reached Kafka")
        if self.applied != self.made["delivered"]:
            found.append(f"{self.made['delivered']} events are in Kafka, and {self.applied} of them in "
                         "PostgreSQL")
        if not self.lags:
            found.append("Homeostat never knew how far the consumer is behind")
        elif self.bounded_at() is None:
            found.append("the consumer's lag did not return below a second's worth")
        if self.acts is not None and self.evaluations() is None:
            found.append("the batch window did not follow the rate")
        elif self.acts is not None and self.evaluations() > EVALUATIONS:
            found.append(f"the batch window followed the rate in {self.evaluations()} evaluations, "
                         f"more than {EVALUATIONS}")
        if self.exit_status != 0:
            found.append(f"the consumer ended with status {self.exit_status}")
        return found
