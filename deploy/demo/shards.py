# SPDX-License-Identifier: Apache-2.0
"""The demo of shards: a Citus cluster whose load is uneven, made even while it is written to, and of
which a worker stops answering then."""
import os
import shutil
import tempfile
import time

from citus_nodes import CitusNodes, missing
from given_cluster import GivenCluster
from outage import ZONES, Outage
from processes import Child, DemoError
from shards_summary import Facts, failures, lines
from supervisor import REPO, Supervisor
from workload import LogReader, latency

FILES = os.path.join(REPO, "deploy/demo/shards")
CLIENTS, RATE = 8, 200
POLICY = "shard-balance"
PATIENCE = 150  # seconds until all nodes must be even, confirmed by a fresh reading
BEFORE = 8  # seconds of writing before Homeostat starts, and after all is even
# The plan has to keep a rule, too: these countries' royalties stay on the third worker.
COUNTRIES, THEIR_NODE = ("de", "at"), "worker-3"
RULE = """\
  citus:
    coordinator: coordinator
    placement:
      - {{table: melodyud.royalty, keys: [{countries}], nodes: [{node}]}}
"""
COUNTED = """
SELECT n.groupid, sum(r.result::bigint)
  FROM (SELECT * FROM run_command_on_shards('melodyud.listener', 'SELECT count(*) FROM %s')
        UNION ALL SELECT * FROM run_command_on_shards('melodyud.play', 'SELECT count(*) FROM %s')
        UNION ALL SELECT * FROM run_command_on_shards('melodyud.royalty',
                                                      'SELECT count(*) FROM %s')) AS r
  JOIN pg_dist_placement p ON p.shardid = r.shardid
  JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
 GROUP BY n.groupid ORDER BY n.groupid
"""
MISPLACED = """
SELECT count(*)
  FROM unnest(ARRAY[{countries}]) AS c
  JOIN pg_dist_placement p
    ON p.shardid = get_shard_id_for_distribution_column('melodyud.royalty', c)
  JOIN pg_dist_node n USING (groupid)
 WHERE (n.nodename, n.nodeport) <> ('{host}', {port})
"""


def variation(counts):
    """Standard deviation of the population over the mean."""
    mean = sum(counts) / len(counts)
    return (sum((one - mean) ** 2 for one in counts) / len(counts)) ** 0.5 / mean


def tell(display, facts):
    """Prints what came of it; the exit status."""
    display.say()
    for line in lines(facts):
        display.say(line)
    wrong = list(failures(facts))
    for failure in wrong:
        display.say(f"FAILED: {failure}")
    return 1 if wrong else 0


class Shards:
    """`dsn`: of a cluster that is there already and empty; None: one of its own."""

    def __init__(self, binary, display, dsn=None):
        self.binary = binary
        self.display = display
        self.folder = tempfile.mkdtemp(prefix="homeostat-demo.", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.cluster = GivenCluster(self.folder, dsn) if dsn else CitusNodes(self.folder)
        self.given = dsn is not None
        self.supervisor = None
        self.writers = None
        self.outage = None
        self.log = LogReader(os.path.join(self.folder, "plays"))
        self.started = None
        self.jobs_before = 0  # of Citus' background rebalancer

    # ---- up ----

    def start(self):
        say = self.display.say
        if not self.given and missing():
            raise DemoError(missing())
        say("==> a Citus cluster: a coordinator and its workers, uneven by five to one")
        self.cluster.start()
        nodes = self.cluster.nodes()
        for script in ("schema", "seed"):
            self.cluster.run_file(os.path.join(FILES, f"{script}.sql"))
        self.cluster.give_password("melodyud_app")
        self.analyze()
        say("==> Homeostat: roles, schema, daemon with the recommended policies, ten times as fast")
        rule = RULE.format(countries=", ".join(COUNTRIES), node=THEIR_NODE)
        how = {"database": self.cluster.database} if self.given else {}
        self.supervisor = Supervisor(self.binary, self.folder, self.cluster, nodes=nodes,
                                     citus=rule, inventory="" if self.given else ZONES, **how)
        self.supervisor.prepare()
        self.supervisor.let_move("melodyud_owner")
        say(f"    status page      {self.supervisor.url}/")
        say(f"==> listeners write, {RATE} transactions a second, whatever is moved")
        self.started = time.time()
        self.writers = Child(
            "pgbench", [self.cluster.program("pgbench"), "-n", "-M", "prepared", "-c", str(CLIENTS),
                        "-j", "1", "-T", "600", "--rate", str(RATE), "--max-tries", "5",
                        "--log", "--log-prefix", self.log.prefix,
                        "-f", os.path.join(FILES, "play.sql")],
            os.path.join(self.folder, "pgbench.log"), env=self.cluster.environment("melodyud_app"))

    def analyze(self):
        """What autovacuum does within minutes: the shards' statistics."""
        self.cluster.sql("ANALYZE melodyud.listener, melodyud.play, melodyud.royalty")

    # ---- while it runs ----

    def at(self):
        return time.time() - self.started

    def row(self, phase, status):
        self.log.read()
        end = time.time() - 0.5
        seen = latency(self.log.between(end - 1, end), 1)
        held = self.supervisor.details("citus_node_rows", "node")
        mean = sum(held.values()) / len(held) if held else 0
        shares = "  ".join(f"{name} {value / mean:4.0%}" for name, value in sorted(held.items())
                           if mean)
        cv = signal(status, "citus_node_cv")
        self.display.say(f"{self.at():5.1f}s  {phase:<9} {shares or 'not known':<46} CV "
                         f"{'–' if cv is None else format(cv, '.3f')}  {seen.per_second:4.0f} tx/s"
                         f"  p99 {seen.p99 * 1000:5.0f} ms")

    def watch(self, phase, done, patience):
        """A line a second until done(status) or time is up; whether it was done."""
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            self.supervisor.child.require_alive()
            self.cluster.require_alive()
            self.writers.require_alive()
            status = self.supervisor.status()
            self.row(phase, status)
            if done(status):
                return True
            time.sleep(1)
        return False

    def moves(self):
        """The lever's acts: [(seconds since the epoch, kind), …]."""
        return [(float(at), kind) for at, kind in self.cluster.sql(
            "SELECT extract(epoch FROM at), kind FROM homeostat.act"
            " WHERE lever = 'rebalance' AND outcome = 'applied' ORDER BY id")]

    def counted(self):
        return [int(count) for _, count in self.cluster.sql(COUNTED)]

    def jobs(self):
        return int(self.cluster.sql("SELECT count(*) FROM pg_dist_background_job")[0][0])

    def once(self):
        say = self.display.say
        time.sleep(BEFORE)
        self.jobs_before = self.jobs()
        before = self.counted()
        say()
        say(self.supervisor.shard_plan())
        self.supervisor.start()
        began = time.time()
        measured = None

        def over(_):
            return any(kind == "revert" for _, kind in self.moves())

        def known(status):
            nonlocal measured
            measured = signal(status, "citus_node_cv")
            return measured is not None

        self.watch("measuring", known, 30)
        by_hand = variation(self.counted())
        self.watch("uneven", lambda _: self.moves(), PATIENCE)
        self.watch("moving", over, PATIENCE)
        ended = time.time()
        self.watch("even", lambda _: time.time() > ended + BEFORE, PATIENCE)
        say()
        say(self.supervisor.shard_plan())
        self.writers.stop()
        return self.judge(began, ended, before, measured, by_hand, self.let_one_go())

    def let_one_go(self):
        """A worker stops answering; None: not in somebody's cluster."""
        if self.given:
            return None
        self.display.say("==> listeners ask homeostat.admit(zone) before they write")
        self.outage = Outage(self.cluster, self.supervisor, self.folder, FILES)
        self.outage.start()
        found = self.outage.run(self.display.say, self.at)
        self.outage.stop()
        return found

    def judge(self, began, ended, before, measured, by_hand, outage):
        acts = self.moves()
        self.log.read()
        plays, counters = self.cluster.sql(
            "SELECT (SELECT count(*) FROM melodyud.play), (SELECT sum(plays) FROM melodyud.listener)")[0]
        third = next(node for node in self.supervisor.nodes if node.name == THEIR_NODE)
        misplaced = self.cluster.sql(MISPLACED.format(
            countries=", ".join(f"'{one}'" for one in COUNTRIES), host=third.host, port=third.port))
        moving = [at for at, _ in acts] + [ended]
        facts = Facts(
            before=before, after=self.counted(), measured=measured, by_hand=by_hand,
            began=began, acts=acts,
            calm=self.log.between(began - BEFORE, began),
            moving=self.log.between(moving[0], moving[-1]),
            acknowledged=sum(not one.given_up for one in self.log.transactions),
            plays=int(plays), counters=int(counters), misplaced=int(misplaced[0][0]),
            jobs=self.jobs() - self.jobs_before, outage=outage,
            exit_status=self.supervisor.stop())
        return tell(self.display, facts)

    # ---- down ----

    def stop(self, keep):
        for part in (self.writers, self.outage, self.supervisor, self.cluster):
            if part is not None:
                part.stop()
        if keep:
            self.display.say(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder)


def signal(status, name):
    sample = next((s for s in status["samples"] if s["signal"] == name), None)
    if sample is None or sample["quality"] == "absent":
        return None
    return sample["numerator"] / sample["denominator"] if sample["denominator"] else 0.0
