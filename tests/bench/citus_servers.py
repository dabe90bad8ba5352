# SPDX-License-Identifier: Apache-2.0
"""A throw-away Citus cluster: a coordinator and workers that speak over Unix sockets, and a daemon
beside it with a zone for each worker."""
import glob
import json
import os
import signal

from ground import DATABASE, REPO, Supervisor, children
from postgres import Postgres, find_binaries

SETTINGS = """
max_connections = 700
max_worker_processes = 16
max_prepared_transactions = 100
wal_level = logical
shared_preload_libraries = 'citus'
shared_buffers = 32MB
citus.node_conninfo = 'sslmode=disable'
unix_socket_permissions = 0700  # instead of passwords, which every node would have to know
hba_file = '{hba}'
"""
CONFIG = """\
version: 1
mode_ceiling: enforce
policies: [{policies}]
postgres:
  nodes:
{nodes}
  citus: {{coordinator: coordinator}}
  ledger: {{node: coordinator, user: homeostat_actuator}}
inventory:
  zones:
{zones}
http: {{listen: "127.0.0.1:{port}"}}
journal: {{path: {journal}}}
"""


def missing():
    """Why there can be no cluster here; None: there can."""
    version = find_binaries().split("/")[4]
    if glob.glob(f"/usr/share/postgresql/{version}/extension/citus.control"):
        return None
    return f"PostgreSQL {version} has no extension citus"


class CitusServers:
    """`nodes`: by name, the coordinator first. To be kept (Ground.keep), then started."""

    def __init__(self, folder, workers=3):
        self.folder = folder
        self.nodes = {}
        self._frozen = []
        names = ["coordinator", *(f"worker-{number + 1}" for number in range(workers))]
        hba = os.path.join(folder, "hba.conf")
        with open(hba, "w") as file:
            file.write("local all all trust\n")
        for name in names:
            home = os.path.join(folder, name)
            os.makedirs(home)
            self.nodes[name] = Postgres(home, SETTINGS.replace("{hba}", hba))

    @property
    def coordinator(self):
        return self.nodes["coordinator"]

    def start(self):
        for node in self.nodes.values():
            node.start()
            node.sql("CREATE EXTENSION citus")
        self.coordinator.sql(
            f"SELECT citus_set_coordinator_host('{self.coordinator.sockets}', 5432)")
        for name, node in self.nodes.items():
            if name != "coordinator":
                self.coordinator.sql(f"SELECT citus_add_node('{node.sockets}', 5432)")

    def freeze(self, name):
        """The postmaster first: then no child can be missed."""
        postmaster = self.nodes[name].child.process.pid
        os.kill(postmaster, signal.SIGSTOP)
        self._frozen = [postmaster, *children(postmaster)]
        for pid in self._frozen:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self):
        for pid in reversed(self._frozen):
            os.kill(pid, signal.SIGCONT)
        self._frozen = []

    def stop(self):
        self.thaw()
        for node in self.nodes.values():
            node.stop()


class CitusSupervisor(Supervisor):
    """The recommended policies at their own pace; zone `worker-1` is on the worker of that name."""

    def __init__(self, binary, folder, servers):
        self.servers = servers
        super().__init__(binary, folder, servers.coordinator)

    def configure(self):
        nodes = "\n".join(
            f"    - {{name: {name}, host: {json.dumps(node.sockets)}, dbname: {DATABASE},"
            " user: homeostat_monitor}" for name, node in self.servers.nodes.items())
        zones = "\n".join(f"    - {{name: {name}, node: {name}}}" for name in self.servers.nodes
                          if name != "coordinator")
        with open(self.config, "w") as file:
            file.write(CONFIG.format(
                policies=json.dumps(os.path.join(REPO, "policies/recommended/*.yaml")),
                nodes=nodes, zones=zones, port=self.port,
                journal=json.dumps(os.path.join(self.folder, "journal.db"))))
