# SPDX-License-Identifier: Apache-2.0
"""The demo's outage: one worker of the Citus cluster stops answering, and only its zone is refused."""
import dataclasses
import os
import time

from citus_nodes import WORKERS
from processes import Child
from workload import LogReader

GONE = "worker-2"
# More clients than come before Homeostat notices: those wait for as long as the worker does not answer.
CLIENTS, RATE = 80, 15  # of each zone
CALM, OUTAGE, AFTER = 8, 12, 4  # seconds
STARTING = 3  # of CALM, in which sessions are made
PATIENCE = 90  # seconds in which the zone must be whole again
ZONES = "  zones:\n" + "".join(f"    - {{name: {name}, node: {name}}}\n" for name in WORKERS)


@dataclasses.dataclass
class OutageFacts:
    """Times are seconds since the epoch; by zone where it is a dict."""
    gone: float
    back: float
    acts: list  # of the lever zone: (time, kind, target, admitted share or None), oldest first
    refused: dict
    before: list  # workload.Transaction of the other zones
    during: list
    whole: bool  # everybody is admitted at the end


class Outage:
    def __init__(self, cluster, supervisor, folder, files):
        self.cluster = cluster
        self.supervisor = supervisor
        self.folder = folder
        self.files = files
        self.children = []
        self.logs = {}

    def start(self):
        self.cluster.run_file(os.path.join(self.files, "zones.sql"))
        listeners = dict(self.cluster.sql("SELECT zone, count(*) FROM melodyud.home GROUP BY zone"))
        for zone in WORKERS:
            self.logs[zone] = LogReader(os.path.join(self.folder, f"plays-{zone}"))
            self.children.append(Child(
                f"pgbench ({zone})",
                [self.cluster.program("pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j",
                 "1", "-T", "600", "--rate", str(RATE), "-D", f"zone={zone}",
                 "-D", f"listeners={listeners[zone]}", "--log",
                 "--log-prefix", self.logs[zone].prefix,
                 "-f", os.path.join(self.files, "zone_play.sql")],
                os.path.join(self.folder, f"pgbench-{zone}.log"),
                env=self.cluster.environment("melodyud_app")))

    def require_alive(self):
        for child in self.children:
            child.require_alive()

    def refused(self):
        return {zone: int(self.cluster.sql(
            f'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM melodyud."refused {zone}"'
        )[0][0]) for zone in WORKERS}

    def acts(self):
        return [(float(at), kind, target, float(share) if share else None)
                for at, kind, target, share in self.cluster.sql(
                    "SELECT extract(epoch FROM at), kind, target, coalesce(value->>'admit', '')"
                    " FROM homeostat.act WHERE lever = 'zone' AND outcome = 'applied'"
                    " AND kind IN ('apply', 'revert') ORDER BY id")]

    def admitted(self):
        """The share of keys of the zone that are let in."""
        return min((float(share) for share, in self.cluster.sql(
            "SELECT admit FROM homeostat.zone_recovery")), default=1.0)

    def line(self, at):
        """One for the terminal."""
        refused = "   ".join(f"{zone} {count:4d} turned away"
                             for zone, count in self.refused().items())
        return f"{at:5.1f}s  {refused}   of {GONE} admitted: {self.admitted():.0%}"

    def others(self, start, end):
        return [one for zone, log in self.logs.items() if zone != GONE
                for one in log.between(start, end)]

    def run(self, say, clock):
        """`say` prints a line, `clock` gives seconds since the demo began. Thaws whatever happens."""
        began = time.time()
        self._watch(say, clock, lambda: time.time() > began + CALM, CALM + 5)
        gone = time.time()
        self.cluster.freeze(GONE)
        say(f"{clock():5.1f}s  » {GONE} stops answering, for {OUTAGE} s")
        try:
            self._watch(say, clock, lambda: time.time() > gone + OUTAGE, OUTAGE + 5)
        finally:
            self.cluster.thaw()
        back = time.time()
        say(f"{clock():5.1f}s  » {GONE} answers again")
        whole = self._watch(say, clock, lambda: self.acts() and self.admitted() == 1.0, PATIENCE)
        last = time.time()
        self._watch(say, clock, lambda: time.time() > last + AFTER, AFTER + 5)
        for log in self.logs.values():
            log.read()
        return OutageFacts(gone=gone, back=back, acts=self.acts(), refused=self.refused(),
                           before=self.others(began + STARTING, gone), during=self.others(gone, back),
                           whole=bool(whole))

    def _watch(self, say, clock, done, patience):
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            self.supervisor.child.require_alive()
            self.require_alive()
            say(self.line(clock()))
            if done():
                return True
            time.sleep(1)
        return False

    def stop(self):
        for child in self.children:
            child.stop(patience=5)
        self.children.clear()
