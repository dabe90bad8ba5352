# SPDX-License-Identifier: Apache-2.0
"""Starting and ending the demo's own processes: by process id, never by name."""
import os
import pwd
import signal
import socket
import subprocess
import time


class DemoError(Exception):
    """Something that ends the demo; its text is for the person who started it."""


def free_port():
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def server_user():
    """The user that PostgreSQL runs as: it refuses root, and Debian's package makes `postgres`."""
    return pwd.getpwnam("postgres") if os.geteuid() == 0 else None


def as_server_user(command):
    """The command, as the server's user when we are root."""
    user = server_user()
    if user is None:
        return command
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups",
            "--", *command]


def clean_environment(**extra):
    """Ours without what would lead a client to somebody else's server."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return {**kept, "LC_ALL": "C.UTF-8", **extra}


class Child:
    """One process of the demo. It dies with us, even when we are killed; its output is in a file.

    A session of its own keeps a Ctrl-C at the terminal away from it, so that everything ends in
    order.
    """

    def __init__(self, name, command, log_path, as_server=False, death_signal="KILL", env=None):
        self.name = name
        self.log_path = log_path
        # setpriv may change the user first: a change of user clears the signal at our death.
        command = ["setpriv", f"--pdeathsig={death_signal}", "--", *command]
        command = as_server_user(command) if as_server else command
        with open(log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/",
                start_new_session=True, env=env or clean_environment())

    def alive(self):
        return self.process.poll() is None

    def last_lines(self, count=15):
        with open(self.log_path, errors="replace") as log:
            return "".join(log.readlines()[-count:])

    def require_alive(self):
        if not self.alive():
            raise DemoError(f"{self.name} ended with status {self.process.returncode}:\n"
                            f"{self.last_lines()}")

    def stop(self, how=signal.SIGTERM, patience=10.0):
        """Asks it to end and, when it will not, makes it. Returns whether it ended when asked."""
        if not self.alive():
            return True
        self.process.send_signal(how)
        try:
            self.process.wait(patience)
            return True
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False


def wait_until(condition, what, patience=30.0, child=None, every=0.1):
    """Waits until condition() is true; a DemoError when it does not come, or the child dies."""
    deadline = time.monotonic() + patience
    while not condition():
        if child is not None:
            child.require_alive()
        if time.monotonic() > deadline:
            tail = f":\n{child.last_lines()}" if child is not None else ""
            raise DemoError(f"waited {patience:.0f} s in vain for {what}{tail}")
        time.sleep(every)
