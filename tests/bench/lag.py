# SPDX-License-Identifier: Apache-2.0
"""What one reading of the probe `kafka` costs at 1,000 and 10,000 partitions, beside Kafka's own
tool, `kafka-consumer-groups --describe`, which is started anew for each reading, as scripts do."""
import os
import subprocess
import time

import broker
from ground import DemoError, clean_environment, cpu_seconds
from table import Row, duration

NAME = "lag"
TITLE = "one reading of the probe kafka ÷ one kafka-consumer-groups --describe"
GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
TOPICS = "org.apache.kafka.tools.TopicCommand"
# Partitions of a topic. Kafka makes no more than 10,000 by one request, and what is committed by
# one has to fit into a message of 1 MB.
MOST_AT_ONCE = 5000
SIZES = (1_000, 10_000)
READINGS = 20  # of ours a round
# As many logs as here are usual for a cluster, not for one broker with a small heap.
HEAP = "1g"
SETTINGS = "log.index.size.max.bytes=4096\n"
PEER = "describe"


def missing():
    reason = broker.missing()
    if reason is None and not broker.has_jar("kafka-tools"):
        return "kafka-tools is not among Kafka's jars"
    return reason


def tool(server, main_class, *arguments):
    """Runs one of Kafka's tools; its wall time, its CPU time and the broker's, in seconds."""
    began, broker_began = time.monotonic(), cpu_seconds(server.child.process.pid)
    child = subprocess.Popen(server.java(main_class, "--bootstrap-server", server.bootstrap,
                                         *arguments),
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                             env=clean_environment())
    output = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise DemoError(f"{main_class}: {output.strip()[-500:]}")
    return (time.monotonic() - began, used.ru_utime + used.ru_stime,
            cpu_seconds(server.child.process.pid) - broker_began)


def prepare(server, group, partitions):
    """Topics with so many partitions, in each of which the group has committed."""
    for number in range(0, partitions, MOST_AT_ONCE):
        topic = f"{group}-{number}"
        count = min(MOST_AT_ONCE, partitions - number)
        tool(server, TOPICS, "--create", "--topic", topic, "--partitions", str(count))
        tool(server, GROUPS, "--group", group, "--topic", topic, "--reset-offsets",
             "--to-earliest", "--execute")


def readings(ground, server, group):
    """Means of one reading: wall time, our CPU, the broker's, in seconds."""
    done = subprocess.run(
        [os.path.join(ground.programs, "lag_bench"), server.bootstrap, group, str(READINGS),
         str(server.child.process.pid)],
        text=True, capture_output=True, env=clean_environment())
    if done.returncode != 0:
        raise DemoError(f"lag_bench failed: {done.stderr.strip()}")
    return means(done.stdout)


def means(text):
    """Of the columns of lag_bench's output, in seconds."""
    lines = [[float(word) / 1e6 for word in line.split()] for line in text.splitlines()]
    return tuple(sum(column) / len(column) for column in zip(*lines))


def run(ground, rounds, say):
    server = ground.keep(broker.Broker(ground.subfolder("lag"), SETTINGS, HEAP))
    server.start()
    rows = []
    for partitions in SIZES:
        group = f"group-{partitions}"
        say(f"{partitions:,} partitions")
        prepare(server, group, partitions)
        ours, theirs = [], []
        for _ in range(rounds):
            ours.append(readings(ground, server, group))
            theirs.append(tool(server, GROUPS, "--describe", "--group", group))
        for column, what in enumerate(("time", "CPU of who asks", "CPU of the broker")):
            rows.append(Row(f"{partitions:,} partitions, {what}", [one[column] for one in ours],
                            [one[column] for one in theirs], PEER, duration))
    ground.end(server)
    return rows
