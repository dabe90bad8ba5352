# SPDX-License-Identifier: Apache-2.0
"""A Citus cluster that somebody else runs: it must be empty, and is empty again afterwards."""
import os
import secrets
import tempfile

import postgres
from processes import DemoError, clean_environment
from supervisor import Node

ROLES = ("melodyud_owner", "melodyud_app", "homeostat_owner", "homeostat_monitor",
         "homeostat_actuator", "homeostat_operator")
SCHEMAS = ("melodyud", "homeostat", "homeostat_citus")
STRATEGY = "homeostat"  # of rebalancing, that `homeostat grants --citus` adds


class GivenCluster:
    """`dsn` reaches the coordinator as a superuser, and names the database."""

    def __init__(self, folder, dsn):
        self.folder = folder
        self.dsn = dsn
        self.password_files = {}
        self.passwords = {}
        self.ours = False  # whether what is in it is the demo's

    def start(self):
        self._refuse_unless_empty()
        self.ours = True

    def _refuse_unless_empty(self):
        if self.sql("SELECT count(*) FROM pg_extension WHERE extname = 'citus'") != [["1"]]:
            raise DemoError("--cluster: the database has no extension citus")
        found = self.sql(
            "SELECT 'schema ' || nspname FROM pg_namespace WHERE nspname IN "
            f"{SCHEMAS} UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname IN {ROLES}"
            " UNION ALL SELECT 'table ' || logicalrelid::text FROM pg_dist_partition UNION ALL SELECT"
            f" 'strategy ' || name FROM pg_dist_rebalance_strategy WHERE name = '{STRATEGY}'")
        if found:
            raise DemoError("--cluster: the database must be empty, but there is "
                            + ", ".join(row[0] for row in found[:5]))

    def nodes(self):
        """The coordinator first, by the addresses that Citus has for them."""
        rows = self.sql("SELECT CASE groupid WHEN 0 THEN 'coordinator' ELSE 'worker-' || groupid END,"
                        " nodename, nodeport FROM pg_dist_node WHERE noderole = 'primary'"
                        " ORDER BY groupid")
        if not rows or rows[0][0] != "coordinator":
            raise DemoError("--cluster: the coordinator does not know its own address: "
                            "SELECT citus_set_coordinator_host('HOST', PORT)")
        return [Node(name, host, int(port)) for name, host, port in rows]

    def program(self, name):
        return os.path.join(postgres.find_binaries(), name)

    def sql(self, text):
        return postgres.rows_of(postgres.psql([self.program("psql"), "-d", self.dsn, "-f", "-"], text,
                                              clean_environment()))

    def run_file(self, path):
        with open(path) as file:
            self.sql(file.read())

    def give_password(self, role):
        """Sets a generated password for an existing role; returns the file that holds it."""
        self.passwords[role] = secrets.token_urlsafe(24)
        file, path = tempfile.mkstemp(dir=self.folder)
        with open(file, "w") as password:
            password.write(self.passwords[role] + "\n")
        self.password_files[role] = path
        self.sql(f"ALTER ROLE {role} PASSWORD '{self.passwords[role]}'")
        return path

    def environment(self, role):
        node = self.nodes()[0]
        database = self.sql("SELECT current_database()")[0][0]
        return clean_environment(PGHOST=node.host, PGPORT=str(node.port), PGUSER=role,
                                 PGPASSWORD=self.passwords[role], PGDATABASE=database)

    @property
    def database(self):
        return self.sql("SELECT current_database()")[0][0]

    def require_alive(self):
        """It is somebody else's to watch."""

    def stop(self):
        if not self.ours:
            return
        self.sql(f"DELETE FROM pg_dist_rebalance_strategy WHERE name = '{STRATEGY}'")
        for schema in SCHEMAS:
            self.sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        for role in ROLES:
            if self.sql(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
                self.sql(f"DROP OWNED BY {role}")
                self.sql(f"DROP ROLE {role}")
