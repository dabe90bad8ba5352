# SPDX-License-Identifier: Apache-2.0
"""A throw-away Citus cluster: a coordinator and three workers on free ports of 127.0.0.1, whoever
connects there is trusted. The coordinator holds no shards."""
import concurrent.futures
import os
import re
import shutil
import subprocess

from ground import DemoError, clean_environment
from postgres import SUPERUSER, Postgres, find_binaries
from processes import Child, as_server_user, free_port, server_user, wait_until

WORKERS = 3
DATABASE = "postgres"
# As Postgres' own; and room for the extension's daemons and a few moves at once.
SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
max_connections = 200
shared_buffers = 128MB
fsync = off
# Without, a move loses updates that were acknowledged: before it switches it waits until the target has
# what is written of the log (pg_current_wal_lsn()), and by then not all that is committed is.
synchronous_commit = on
full_page_writes = off
max_wal_size = 1GB
log_min_messages = warning
shared_preload_libraries = 'citus'
wal_level = logical
max_worker_processes = 16
max_prepared_transactions = 50
citus.node_conninfo = 'sslmode=disable'
citus.shard_replication_factor = 1
"""


def missing():
    """Why there can be none here; None when there can."""
    config = os.path.join(find_binaries(), "pg_config")
    if not os.path.exists(config):
        return "there is no pg_config beside the server"
    folders = [subprocess.run([config, option], text=True, capture_output=True,
                              check=True).stdout.strip() for option in ("--pkglibdir", "--sharedir")]
    control = os.path.join(folders[1], "extension/citus.control")
    if not os.path.exists(control) or not os.path.exists(os.path.join(folders[0], "citus.so")):
        return "the extension citus is not installed beside PostgreSQL's server"
    return None


class Node(Postgres):
    """One server of the cluster."""

    def __init__(self, folder):
        super().__init__(folder)
        self.port = free_port()

    def make(self):
        home = os.path.dirname(self.data)
        os.makedirs(home, 0o755)
        user = server_user()
        if user is not None:
            os.chown(home, user.pw_uid, user.pw_gid)
        subprocess.run(
            as_server_user([self.program("initdb"), "--pgdata", self.data, "--no-sync",
                            "--username", SUPERUSER, "--auth", "trust", "--encoding", "UTF8",
                            "--locale", "C"]),
            check=True, cwd="/", env=clean_environment(), stdout=subprocess.DEVNULL)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as conf:
            conf.write(SETTINGS.format(port=self.port))

    def start(self):
        self.child = Child("postgres", [self.program("postgres"), "-D", self.data],
                           os.path.join(self.folder, "postgres.log"), as_server=True,
                           death_signal="INT")
        wait_until(self._answers, "PostgreSQL", child=self.child)
        self.sql("CREATE EXTENSION citus")

    def environment(self, role):
        return clean_environment(PGHOST="127.0.0.1", PGPORT=str(self.port), PGUSER=role,
                                 PGDATABASE=DATABASE, PGOPTIONS="-c client_min_messages=warning")

    def sql(self, text, database=DATABASE):
        return super().sql(text, database)


class CitusCluster:
    def __init__(self, folder):
        self.folder = folder
        self.names = ["coordinator"] + [f"worker-{i + 1}" for i in range(WORKERS)]
        self.nodes = {name: Node(os.path.join(folder, name)) for name in self.names}
        self.coordinator = self.nodes["coordinator"]

    def start(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Node.make, self.nodes.values()))
        for node in self.nodes.values():  # by this thread: a server dies with the one that began it
            node.start()
        self.sql(f"SELECT citus_set_coordinator_host('127.0.0.1', {self.coordinator.port})")
        for name in self.names[1:]:
            self.sql(f"SELECT citus_add_node('127.0.0.1', {self.nodes[name].port})")

    def sql(self, text):
        """At the coordinator, as the superuser."""
        return self.coordinator.sql(text)

    def stop(self):
        with concurrent.futures.ThreadPoolExecutor() as pool:
            list(pool.map(Node.stop, self.nodes.values()))
        shutil.rmtree(self.folder)


def moved_shards(commands):
    """The shard ids that the tasks of a background job move."""
    found = []
    for command in commands:
        match = re.search(r"citus_move_shard_placement\((\d+)", command)
        if match is None:
            raise DemoError(f"a task that is no move: {command}")
        found.append(int(match.group(1)))
    return found
