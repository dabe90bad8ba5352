# SPDX-License-Identifier: Apache-2.0
"""A throw-away PostgreSQL: its own folder, its own Unix socket, no TCP, passwords of its own."""
import glob
import os
import secrets
import signal
import subprocess

from processes import Child, DemoError, as_server_user, clean_environment, server_user, wait_until

DATABASE = "melodyud"
SUPERUSER = "postgres"

SETTINGS = """
listen_addresses = ''
unix_socket_directories = '{sockets}'
max_connections = 200
shared_buffers = 128MB
fsync = off                     # throw-away: a crash of this machine may lose it
synchronous_commit = off
full_page_writes = off
max_wal_size = 1GB
password_encryption = 'scram-sha-256'
logging_collector = off
log_min_messages = warning
log_min_error_statement = error
"""


def find_binaries():
    """The folder with PostgreSQL 15's own programs, or the newest there is."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    if not found:
        raise DemoError("no PostgreSQL server under /usr/lib/postgresql")
    versions = {int(path.split("/")[4]): os.path.dirname(path) for path in found}
    return versions.get(15) or versions[max(versions)]


def psql(command, text, environment):
    """Runs psql, which reads no configuration, stops at an error and prints rows with tabs."""
    return subprocess.run([*command, "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"],
                          input=text, text=True, capture_output=True, cwd="/", env=environment)


def rows_of(result):
    if result.returncode != 0:
        raise DemoError(f"SQL failed: {result.stderr.strip()}")
    return [line.split("\t") for line in result.stdout.splitlines()]


class Postgres:
    """`settings` are added to the ones above, and win. A `private` one asks no password, and its
    socket is for its own user and root alone: servers that log in to one another."""

    def __init__(self, folder, settings="", private=False):
        self.folder = folder
        self.settings = SETTINGS + settings
        self.private = private
        self.binaries = find_binaries()
        self.data = os.path.join(folder, "postgres", "data")
        self.sockets = os.path.join(folder, "postgres", "socket")
        self.passwords = {}
        self.password_files = {}
        self.child = None

    def program(self, name):
        return os.path.join(self.binaries, name)

    def start(self):
        home = os.path.dirname(self.data)
        os.mkdir(home, 0o755)
        os.mkdir(self.sockets, 0o700 if self.private else 0o755)
        password_file = self._password_file(SUPERUSER)
        user = server_user()
        if user is not None:
            for path in (home, self.sockets, password_file):
                os.chown(path, user.pw_uid, user.pw_gid)
        subprocess.run(
            as_server_user([self.program("initdb"), "--pgdata", self.data, "--no-sync",
                            "--username", SUPERUSER, "--auth",
                            "trust" if self.private else "scram-sha-256",
                            "--pwfile", password_file, "--encoding", "UTF8", "--locale", "C"]),
            check=True, cwd="/", env=clean_environment(), stdout=subprocess.DEVNULL)
        with open(os.path.join(self.data, "postgresql.conf"), "a") as conf:
            conf.write(self.settings.format(sockets=self.sockets))
        self.child = Child("postgres", [self.program("postgres"), "-D", self.data],
                           os.path.join(self.folder, "postgres.log"), as_server=True,
                           death_signal="INT")
        socket_file = os.path.join(self.sockets, ".s.PGSQL.5432")
        wait_until(lambda: os.path.exists(socket_file) and self._answers(), "PostgreSQL",
                   child=self.child)
        self.sql(f"CREATE DATABASE {DATABASE}", database="postgres")

    def _answers(self):
        return self._psql(["-c", "SELECT 1"], "postgres").returncode == 0

    def _password_file(self, role):
        """A new password for a role, in a file of its own that only we can read."""
        self.passwords[role] = secrets.token_urlsafe(24)
        path = os.path.join(self.folder, f"password-{role}")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.passwords[role] + "\n")
        self.password_files[role] = path
        return path

    def give_password(self, role):
        """Sets a generated password for an existing role; returns the file that holds it."""
        path = self._password_file(role)
        self.sql(f"ALTER ROLE {role} PASSWORD '{self.passwords[role]}'")
        return path

    def environment(self, role):
        return clean_environment(PGHOST=self.sockets, PGUSER=role,
                                 PGPASSWORD=self.passwords[role], PGDATABASE=DATABASE)

    def _psql(self, arguments, database, text=None):
        return psql([self.program("psql"), "-d", database, *arguments], text,
                    self.environment(SUPERUSER))

    def sql(self, text, database=DATABASE):
        """Runs SQL as the superuser; the rows, as lists of text."""
        return rows_of(self._psql(["-f", "-"], database, text))

    def run_file(self, path):
        with open(path) as file:
            self.sql(file.read())

    def stop(self):
        if self.child is not None:
            self.child.stop(signal.SIGINT, patience=20)
