# SPDX-License-Identifier: Apache-2.0
"""A throw-away Citus cluster: a coordinator and three workers, on Unix sockets of their own, which the
servers' user and root alone can reach. The coordinator holds no shards."""
import os
import signal

import postgres
from postgres import DATABASE, Postgres
from supervisor import Node

WORKERS = ("worker-1", "worker-2", "worker-3")

SETTINGS = """
shared_preload_libraries = 'citus'
max_connections = 500
wal_level = logical             # a shard is moved by logical replication
max_replication_slots = 20
max_wal_senders = 20
max_worker_processes = 30
shared_buffers = 32MB
synchronous_commit = on         # without it a move may lose what was just committed
citus.local_hostname = '{sockets}'
citus.node_conninfo = 'sslmode=prefer'
"""


def missing():
    """Why there can be no cluster here; None when there can."""
    library = os.path.join(os.path.dirname(postgres.find_binaries()), "lib", "citus.so")
    return None if os.path.exists(library) else (
        f"PostgreSQL has no extension citus here ({library} is not there); --cluster DSN takes an "
        "empty cluster that runs already")


class CitusNodes:
    """Like a Postgres that is the coordinator; beside it the workers. `settings` win over those above."""

    def __init__(self, folder, settings=""):
        self.servers = {}
        self._frozen = []
        for name in ("coordinator", *WORKERS):
            home = os.path.join(folder, name)
            os.mkdir(home)
            os.chmod(home, 0o755)
            self.servers[name] = Postgres(home, SETTINGS + settings, private=True)
        self.coordinator = self.servers["coordinator"]

    def start(self):
        for server in self.servers.values():
            server.start()
            server.sql("CREATE EXTENSION citus")
        coordinator = self.coordinator
        coordinator.sql(f"SELECT citus_set_coordinator_host('{coordinator.sockets}', 5432)")
        for name in WORKERS:
            coordinator.sql(f"SELECT citus_add_node('{self.servers[name].sockets}', 5432)")

    def nodes(self):
        return [Node(name, server.sockets) for name, server in self.servers.items()]

    def freeze(self, name):
        """The worker neither answers nor ends: the hardest way to be gone."""
        # The postmaster first: then no child of its can be missed.
        postmaster = self.servers[name].child.process.pid
        os.kill(postmaster, signal.SIGSTOP)
        with open(f"/proc/{postmaster}/task/{postmaster}/children") as listed:
            self._frozen = [postmaster, *map(int, listed.read().split())]
        for pid in self._frozen[1:]:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in reversed(self._frozen):
            os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def require_alive(self):
        for server in self.servers.values():
            server.child.require_alive()

    def stop(self):
        self.thaw()
        for server in self.servers.values():
            server.stop()

    # ---- as Supervisor and Workload use a Postgres ----

    @property
    def password_files(self):
        return self.coordinator.password_files

    @property
    def sockets(self):
        return self.coordinator.sockets

    def program(self, name):
        return self.coordinator.program(name)

    def environment(self, role):
        return self.coordinator.environment(role)

    def sql(self, text, database=DATABASE):
        return self.coordinator.sql(text, database)

    def run_file(self, path):
        self.coordinator.run_file(path)

    def give_password(self, role):
        return self.coordinator.give_password(role)
