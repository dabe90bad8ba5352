# SPDX-License-Identifier: Apache-2.0
"""A throw-away Kafka broker: Apache Kafka in KRaft mode, one node, on free ports of 127.0.0.1."""
import glob
import os
import shutil
import signal
import socket
import subprocess

from processes import Child, DemoError, clean_environment, free_port, wait_until

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
JARS = os.path.join(REPO, "build/kafka/jars")  # where install_kafka of deploy/lib.sh puts them
CLUSTER_ID = "aG9tZW9zdGF0LWRlbW8tMQ"  # any 22 characters of base64 that hold 16 bytes

SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=8
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=2097152
log.cleaner.threads=1
log.retention.bytes=268435456
log.segment.bytes=67108864
"""
# A small heap: the default cleaner alone would ask for 128 MB (hence its buffer, above).
HEAP = "128m"


def missing():
    """Why no broker can be started here; None when one can."""
    if shutil.which("java") is None:
        return "there is no Java"
    if not glob.glob(os.path.join(JARS, "kafka_*.jar")):
        return "Kafka could not be fetched from Maven Central (see build/kafka.log)"
    return None


def has_jar(artifact):
    """Whether Kafka's jars include this one."""
    return bool(glob.glob(os.path.join(JARS, f"{artifact}-[0-9]*.jar")))


class Broker:
    """`settings`: lines of server.properties, over ours. REQUIRES: missing() is None."""

    def __init__(self, folder, settings="", heap=HEAP):
        self.folder = folder
        self.more = settings
        self.heap = heap
        self.port = free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self.settings = os.path.join(folder, "kafka.properties")
        self.child = None

    def start(self):
        controller = free_port()
        with open(self.settings, "w") as file:
            file.write(SETTINGS.format(port=self.port, controller=controller,
                                       data=os.path.join(self.folder, "kafka")) + self.more)
        log = os.path.join(self.folder, "kafka.log")
        with open(log, "ab") as output:
            formatted = subprocess.run(
                self._java("kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c",
                           self.settings),
                stdout=output, stderr=output, cwd=self.folder, env=clean_environment())
        if formatted.returncode != 0:
            raise DemoError(f"Kafka's storage cannot be formatted: see {log}")
        self.child = Child("Kafka", self._java("kafka.Kafka", self.settings), log)
        wait_until(self._listens, "Kafka", patience=60, child=self.child)

    def _java(self, main_class, *arguments):
        return [shutil.which("java"), f"-Xms{self.heap}", f"-Xmx{self.heap}", "-XX:+UseSerialGC",
                "-cp", os.path.join(JARS, "*"), main_class, *arguments]

    @staticmethod
    def java(main_class, *arguments):
        """The command of one of Kafka's tools, as its own scripts start it."""
        return [shutil.which("java"), "-Xmx256M", "-cp", os.path.join(JARS, "*"), main_class,
                *arguments]

    def _listens(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        # What it wrote goes with it: nothing is lost by not asking.
        if self.child is not None:
            self.child.stop(signal.SIGKILL)
