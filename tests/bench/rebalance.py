# SPDX-License-Identifier: Apache-2.0
"""The same skewed data on a live Citus cluster, evened out by Citus' own rebalancer and by the daemon
with the shipped policies, while writers write through the coordinator. A cluster of its own for each
run; the arms take turns. Citus adds 100 MB to each group's size; here as much less as there are less
data than a terabyte, or it would take all shards for equal. Nodes are judged by rows, which are
counted. A longest stall is that of one transaction of a writer, moves and final switches included."""
import dataclasses
import glob
import os
import re
import statistics
import time

import citus_nodes
from ground import DemoError, Supervisor
from processes import Child, wait_until
from table import Row, duration, megabytes

NAME = "rebalance"
TITLE = "a live Citus cluster evened out, by the daemon ÷ by Citus' own rebalancer"
# -> rows of each table, which is a colocation group of its own; sizes of shards by Zipf's law.
TABLES = {"listener": 160_000, "playlist": 80_000, "creator": 40_000, "royalty": 40_000}
# The largest shards of all but one are on the same node: that is how nodes grow uneven.
TURNED = {"listener": 0, "playlist": 0, "creator": 0, "royalty": 1}
SHARDS, KEYS, ZIPF, WIDTH = 12, 1200, 1.3, 200
OWNER, WRITER = "bench_owner", "bench_writer"
WRITERS, PAUSE = 8, 0.010  # before each transaction, in seconds
SLOW = 0.05  # seconds
QUIET = 3  # seconds that writers run before and after
SPEED_UP = 5
PATIENCE = 400
TERABYTE = 1e12
BASE_COST = 100 * 1024 * 1024
COPIES = f"""
SET ROLE {OWNER};
SET citus.shard_count = {SHARDS};
CREATE TABLE {{table}} (key bigint, id bigint, n bigint NOT NULL DEFAULT 0, note text,
                      PRIMARY KEY (key, id));
SELECT create_distributed_table('{{table}}', 'key', colocate_with => 'none');
WITH spread AS (
  SELECT key, floor((worker_hash(key) + 2147483648.0) / (4294967296.0 / {SHARDS}))::int AS shard
  FROM generate_series(1::bigint, {KEYS}) AS key),
shares AS (
  SELECT shard, count(*) AS keys, power(1 + (shard + {SHARDS} - {{turned}}) % {SHARDS}, -{ZIPF})
    / (SELECT sum(power(rank, -{ZIPF})) FROM generate_series(1, {SHARDS}) AS rank) AS share
  FROM spread GROUP BY shard)
INSERT INTO {{table}} (key, id, note)
SELECT key, id, repeat('x', {WIDTH}) FROM spread JOIN shares USING (shard),
  generate_series(1, greatest(1, round({{rows}} * share / keys))::int) AS id;
"""
# Sums tell of each update that is lost or done twice.
WRITE = f"""\\set table random(1, {len(TABLES)})
\\set key random(1, {KEYS})
\\sleep {round(PAUSE * 1000)} ms
SELECT 1 / open FROM bench_gate;
"""
DEFAULT, TIGHT, OURS = "Citus, default", "Citus, threshold 0.01", "ours"
STRATEGY = {DEFAULT: "by_disk_size", TIGHT: "bench_tight"}


def missing():
    return citus_nodes.missing()


@dataclasses.dataclass
class Arm:
    """What one run found."""
    moves: int
    moved: float  # bytes
    seconds: float  # of Citus' background job
    before: float  # coefficient of variation of the nodes' rows
    after: float
    worst: float  # largest deviation of a node afterwards
    stall: float  # the longest, seconds
    stood: float  # seconds, of all writers together, in transactions that took longer than SLOW
    wrong: dict  # rows and updates that there are too many or too few of, by what

    def lost_or_doubled(self):
        return ", ".join(f"{count:+d} {what}" for what, count in self.wrong.items() if count) or "0"


def variation(counts):
    return statistics.pstdev(counts) / statistics.fmean(counts)


def deviation(counts):
    mean = statistics.fmean(counts)
    return max(abs(count / mean - 1) for count in counts)


def load(cluster):
    cluster.sql(f"CREATE ROLE {OWNER} LOGIN; CREATE ROLE {WRITER} LOGIN")
    cluster.sql(f"GRANT CREATE ON SCHEMA public TO {OWNER}")
    for table, rows in TABLES.items():
        cluster.sql(COPIES.format(table=table, rows=rows, turned=TURNED[table]))
    cluster.sql("CREATE TABLE bench_gate (open int); INSERT INTO bench_gate VALUES (1);"
                f"GRANT SELECT ON bench_gate TO {WRITER};"
                f"GRANT SELECT, UPDATE ON {', '.join(TABLES)} TO {WRITER}")
    cluster.give_password(WRITER)
    for node in cluster.servers.values():
        node.sql("VACUUM ANALYZE")
    cluster.sql("SELECT citus_add_rebalance_strategy('bench_tight', 'citus_shard_cost_by_disk_size',"
                " 'citus_node_capacity_1', 'citus_shard_allowed_on_node_true', 0.01, 0.01, 0)")


def rows_of_nodes(cluster):
    """Counted, each shard where it is."""
    counts = " UNION ALL ".join(
        f"SELECT * FROM run_command_on_shards('{table}', 'SELECT count(*) FROM %s')"
        for table in TABLES)
    found = cluster.sql(
        "SELECT n.groupid, coalesce(sum(r.result::bigint), 0), bool_and(r.success) FROM pg_dist_node n"
        " LEFT JOIN pg_dist_placement p USING (groupid) LEFT JOIN (" + counts + ") AS r USING (shardid)"
        " WHERE n.shouldhaveshards GROUP BY 1 ORDER BY 1")
    if any(success == "f" for _, _, success in found):
        raise DemoError("a shard could not be counted")
    return [int(count) for _, count, _ in found]


def totals(cluster):
    """Rows and updates of all tables together."""
    found = [cluster.sql(f"SELECT count(*), sum(n) FROM {table}")[0] for table in TABLES]
    return sum(int(rows) for rows, _ in found), sum(int(updates) for _, updates in found)


class Writers:
    """One pgbench on the coordinator."""

    def __init__(self, cluster, folder):
        self.cluster = cluster
        self.log = os.path.join(folder, "pgbench.log")
        self.prefix = os.path.join(folder, "latency")
        path = os.path.join(folder, "write.sql")
        with open(path, "w") as file:
            file.write(WRITE)
            for number, table in enumerate(TABLES):
                file.write(f"\\{'el' if number else ''}if :table = {number + 1}\n"
                           f"UPDATE {table} SET n = n + 1 WHERE key = :key AND id = 1;\n")
            file.write("\\endif\n")
        node = cluster.coordinator
        self.child = Child("pgbench", [node.program("pgbench"), "-n", "-M", "prepared", "-c",
                                       str(WRITERS), "-j", "2", "-T", "3600", "-f", path, "-l",
                                       f"--log-prefix={self.prefix}"],
                           self.log, env=node.environment(WRITER))

    def stop(self):
        """Latencies, in seconds, without the pause."""
        self.child.require_alive()
        # Each ends between two transactions: a signal would lose what is not in the log yet, and
        # leave open whether the last ones are done.
        self.cluster.sql("UPDATE bench_gate SET open = 0")
        self.child.process.wait(30)
        if self.child.last_lines(200).count("division by zero") != WRITERS:
            raise DemoError(f"a writer failed:\n{self.child.last_lines(60)}")
        found = []
        for path in glob.glob(self.prefix + ".*"):
            with open(path) as lines:
                found += [int(line.split()[2]) / 1e6 - PAUSE for line in lines]
        return found


def job(cluster):
    """State and seconds of the background job that there is; None while there is none."""
    found = cluster.sql("SELECT state, extract(epoch FROM finished_at - started_at) FROM"
                        " pg_dist_background_job ORDER BY job_id")
    if len(found) > 1:
        raise DemoError(f"{len(found)} background jobs")
    return found[0] if found else None


def by_citus(cluster, arm, scale):
    def start():
        answer = cluster.sql(
            f"SET ROLE {OWNER}; SET citus.rebalancer_by_disk_size_base_cost = {round(scale)};"
            f"SELECT citus_rebalance_start(rebalance_strategy => '{STRATEGY[arm]}')")
        return bool(answer and answer[-1][0])
    return start, lambda: None


def by_daemon(ground, cluster, folder):
    daemon = Supervisor(ground.binary, folder, cluster, nodes=cluster.nodes(), speed_up=SPEED_UP,
                        citus="  citus: {coordinator: coordinator}\n")
    daemon.prepare()
    daemon.let_move(OWNER)

    def start():
        ground.keep(daemon)
        daemon.start()
        return True

    return start, lambda: ground.end(daemon)


def moved_shards(commands):
    """The shard ids that the tasks of a background job move."""
    found = []
    for command in commands:
        match = re.search(r"citus_move_shard_placement\((\d+)", command)
        if match is None:
            raise DemoError(f"a task that is no move: {command}")
        found.append(int(match.group(1)))
    return found


def measure(ground, arm, folder):
    cluster = ground.keep(citus_nodes.CitusNodes(folder))
    cluster.start()
    load(cluster)
    rows, _ = totals(cluster)
    before = rows_of_nodes(cluster)
    sizes = {int(shard): float(size)
             for shard, size in cluster.sql("SELECT shardid, shard_size FROM citus_shards")}
    if arm == OURS:
        start, stop = by_daemon(ground, cluster, folder)
    else:
        start, stop = by_citus(cluster, arm, BASE_COST * sum(sizes.values()) / TERABYTE)
    writers = Writers(cluster, folder)
    time.sleep(QUIET)
    if start():
        wait_until(lambda: job(cluster) is not None and job(cluster)[0] in (
            "finished", "failed", "cancelled"), "the job to end", patience=PATIENCE,
            child=writers.child)
        if job(cluster)[0] != "finished":
            raise DemoError(f"{arm}: the job is {job(cluster)[0]}")
    stop()
    time.sleep(QUIET)
    latencies = writers.stop()
    moved = moved_shards(command for command, in cluster.sql(
        "SELECT command FROM pg_dist_background_task WHERE status = 'done'"))
    after = rows_of_nodes(cluster)
    rows_after, updates = totals(cluster)
    found = Arm(len(moved), sum(sizes[shard] for shard in moved),
                float(job(cluster)[1]) if job(cluster) else 0.0, variation(before),
                variation(after), deviation(after), max(latencies),
                sum(latency for latency in latencies if latency > SLOW),
                {"rows": rows_after - rows, "rows of nodes": sum(after) - rows,
                 "updates": updates - len(latencies)})
    ground.end(cluster)
    return found


def say_arm(say, arm, found):
    say(f"{arm}: {found.moves} moves, {megabytes(found.moved)} in {duration(found.seconds)}; CV of"
        f" nodes {found.before:.3f} -> {found.after:.3f}, worst node {found.worst:.1%} off; longest"
        f" stall {duration(found.stall)}, {duration(found.stood)} of all writers; lost or doubled:"
        f" {found.lost_or_doubled()}")


def rows_of(arms):
    """`arms`: {arm: [Arm, …]}, rounds in order."""
    rows = []
    ours = arms[OURS]
    for peer in (DEFAULT, TIGHT):
        theirs = arms[peer]

        def both(figure, ours=ours, theirs=theirs):
            return " and ".join(figure(found) for found in (ours, theirs))

        def row(title, what, text, also="", peer=peer, theirs=theirs):
            rows.append(Row(f"{title}, beside {peer}", [getattr(one, what) for one in ours],
                            [getattr(one, what) for one in theirs], peer, text, also=also))

        row("bytes copied", "moved", megabytes,
            both(lambda found: f"{statistics.median(one.moves for one in found):.0f}") + " moves")
        row("time of the job", "seconds", duration)
        row("CV of nodes afterwards", "after", "{:.3f}".format,
            f"{ours[0].before:.3f} before; worst node off by "
            + both(lambda found: f"{max(one.worst for one in found):.1%}"))
        row("longest stall of a writer", "stall", duration,
            "lost or doubled: " + both(lambda found: str(sum(
                abs(count) for one in found for count in one.wrong.values()))))
        row(f"all writers' stalls above {duration(SLOW)}", "stood", duration)
    return rows


def run(ground, rounds, say):
    order = [DEFAULT, TIGHT, OURS]
    arms = {arm: [] for arm in order}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for arm in order[number % 3:] + order[:number % 3]:
            folder = ground.subfolder(f"rebalance-{number}-{order.index(arm)}")
            found = measure(ground, arm, folder)
            say_arm(say, arm, found)
            arms[arm].append(found)
    return rows_of(arms)


__all__ = ["NAME", "TITLE", "missing", "run"]
