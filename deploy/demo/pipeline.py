# SPDX-License-Identifier: Apache-2.0
"""MelodyUD's pipeline: the programs of deploy/demo/pipeline, and what they say about themselves."""
import json
import os

from processes import Child

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.path.join(REPO, "build/release/deploy/demo/pipeline")
SCHEMA = os.path.join(REPO, "sql/melodyud/pipeline.sql")
ROLE = "melodyud_pipeline"
GROUP = "play-counts"
PARTITIONS = 4


def latency_quantile(lines, share):
    """Seconds that this share of the events did not exceed, of the consumer's lines together; None
    without events."""
    counts = {}
    for line in lines:
        for upper_us, count in line["latencies_us"]:
            counts[upper_us] = counts.get(upper_us, 0) + count
    left = share * sum(counts.values())
    for upper_us in sorted(counts):
        left -= counts[upper_us]
        if left <= 0:
            return upper_us / 1e6
    return None


class Lines:
    """Follows the lines of JSON that a program writes; others (its complaints) are passed over."""

    def __init__(self, path):
        self.path = path
        self.offset = 0
        self.lines = []

    def read(self):
        """Takes in what was written since the last call; all lines, oldest first."""
        if os.path.exists(self.path):
            with open(self.path) as log:
                log.seek(self.offset)
                text = log.read()
            whole = text.rfind("\n") + 1
            self.offset += whole
            self.lines += [json.loads(line) for line in text[:whole].splitlines()
                           if line.startswith("{")]
        return self.lines

    def last(self):
        lines = self.read()
        return lines[-1] if lines else None


class Pipeline:
    """A producer and a consumer between a broker and a PostgreSQL that has SCHEMA."""

    def __init__(self, folder, postgres, broker, programs=PROGRAMS):
        self.folder = folder
        self.postgres = postgres
        self.broker = broker
        self.programs = programs
        self.consumer = None
        self.producer = None
        self.consumed = Lines(os.path.join(folder, "consumer.log"))
        self.produced = Lines(os.path.join(folder, "producer.log"))

    def _start(self, program, lines, *arguments):
        return Child(program, [os.path.join(self.programs, program), "--brokers",
                               self.broker.bootstrap, *arguments],
                     lines.path, death_signal="TERM", env=self.postgres.environment(ROLE))

    def start_producer(self, profile, topic="play_events", more=()):
        self.producer = self._start("play_producer", self.produced, "--topic", topic,
                                    "--create-topic", str(PARTITIONS), "--profile", profile, *more)

    def start_consumer(self, window="control", topic="play_events", group=GROUP, more=()):
        # How to connect to PostgreSQL is in the environment.
        self.consumer = self._start("play_consumer", self.consumed, "--postgres", "", "--topic",
                                    topic, "--group", group, "--window", window, *more)

    def require_alive(self):
        self.consumer.require_alive()
        if not self.producer.alive() and self.producer.process.returncode != 0:
            self.producer.require_alive()

    def stop(self):
        for child in (self.producer, self.consumer):
            if child is not None:
                child.stop(patience=20)
