# SPDX-License-Identifier: Apache-2.0
"""What one reading of the probe citus_shards costs on a live Citus cluster of 1 + 3 nodes, beside the two
usual ways to ask for the same: the view citus_shards, and run_command_on_workers with the probe's own
statement. Server CPU is that of all processes of all nodes, those that ended meanwhile included. The
readings of a round are a second apart by the probe's clock, so that the counters of load are read once
among them; a daemon reads once in five seconds."""
import os
import subprocess
import time

import citus_nodes
from ground import (DATABASE, REPO, DemoError, clean_environment, children, cpu_seconds,
                    reaped_cpu_seconds)
from lag import means
from postgres import SUPERUSER
from table import Row, duration

NAME = "shard_probe"
TITLE = "one reading of the probe citus_shards ÷ other ways to ask for the shards"
# Tables of so many shards, each case on top of the one before: 128, then 1,152.
CASES = (("128 shards", (32,) * 4), ("1,152 shards", (1024,)))
READINGS = 60  # of ours a round
VIEW, COMMAND = "citus_shards", "run_command_on_workers"
TIMES = {VIEW: 20, COMMAND: 20}  # of theirs a round


def missing():
    return citus_nodes.missing()


def statement(name):
    """One of ours, as text for the workers."""
    with open(os.path.join(REPO, "sql/queries", name)) as file:
        return " ".join(line.strip() for line in file if not line.startswith("--"))


def scripts():
    """What pgbench asks. Sessions between nodes see the shards' tables."""
    asked = f"SELECT json_agg(row_to_json(s)) FROM ({statement('citus_shards_rows.sql')}) AS s"
    return {VIEW: "SELECT sum(shard_size) FROM citus_shards;\n",
            COMMAND: f"SELECT sum(length(result)) FROM run_command_on_workers($run$ {asked} $run$);\n"}


def add_tables(cluster, number, shards):
    for at, count in enumerate(shards):
        table = f"bench_{number}_{at}"
        cluster.sql(f"SET citus.shard_count = {count};"
                    f"CREATE TABLE {table} (key bigint PRIMARY KEY, note text);"
                    f"SELECT create_distributed_table('{table}', 'key', colocate_with => 'none');"
                    f"INSERT INTO {table} SELECT key, 'x' FROM generate_series(1, 20000) AS key")
        cluster.sql(f"ANALYZE {table}")


def server_cpu(cluster):
    """CPU seconds of every process of every node."""
    total = 0.0
    for server in cluster.servers.values():
        postmaster = server.child.process.pid
        total += cpu_seconds(postmaster) + reaped_cpu_seconds(postmaster)
        for pid in children(postmaster):
            try:
                total += cpu_seconds(pid)
            except OSError:
                pass  # ended just now: reaped
    return total


def idle_cpu(cluster, seconds=2.0):
    """What the servers use a second when nobody asks."""
    before = server_cpu(cluster)
    time.sleep(seconds)
    return (server_cpu(cluster) - before) / seconds


def ours(ground, cluster):
    """Means of one reading: wall time, CPU of the servers, CPU of who asks, in seconds."""
    nodes = [f"{name}={server.sockets}" for name, server in cluster.servers.items()]
    program = subprocess.Popen(
        [os.path.join(ground.programs, "shard_probe_bench"), DATABASE, SUPERUSER, str(READINGS), *nodes],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=clean_environment())
    try:
        if program.stdout.readline() != "ready\n":
            raise DemoError("shard_probe_bench gets no reading")
        before, began = server_cpu(cluster), time.monotonic()
        program.stdin.write("\n")
        program.stdin.flush()
        lines = [program.stdout.readline() for _ in range(READINGS)]
        if program.stdout.readline() != "done\n":
            raise DemoError("shard_probe_bench gets no reading")
        used, took = server_cpu(cluster) - before, time.monotonic() - began
        program.stdin.write("\n")
        program.stdin.flush()
        if program.wait(60) != 0:
            raise DemoError("shard_probe_bench failed")
    finally:
        program.kill()
        program.wait()
    wall, asker = means("".join(lines))
    return wall, used, took, asker


def theirs(ground, cluster, name, script):
    """Of one question: wall time, in seconds; of all of them: CPU of the servers, and how long they took."""
    times = TIMES[name]
    before, began = server_cpu(cluster), time.monotonic()
    done = subprocess.run([cluster.program("pgbench"), "-n", "-c", "1", "-t", str(times), "-f", script],
                          text=True, capture_output=True, env=cluster.environment(SUPERUSER))
    used, took = server_cpu(cluster) - before, time.monotonic() - began
    if done.returncode != 0:
        raise DemoError(f"pgbench failed: {done.stderr.strip()[-500:]}")
    return latency(done.stdout), used, took


def of_each(used, quiet, took, times):
    """CPU of one of so many questions: what was used in that time, less what is used a second anyway."""
    return (used - quiet * took) / times


def latency(text):
    """pgbench's mean, in seconds."""
    for line in text.splitlines():
        if line.startswith("latency average = "):
            return float(line.split()[3]) / 1e3
    raise DemoError("pgbench tells no latency")


def run(ground, rounds, say):
    cluster = ground.keep(citus_nodes.CitusNodes(ground.subfolder("shard_probe")))
    cluster.start()
    files = {name: ground.script(f"shard_probe-{name}", text) for name, text in scripts().items()}
    rows = []
    for number, (case, shards) in enumerate(CASES):
        say(case)
        add_tables(cluster, number, shards)
        found = {"ours": [], VIEW: [], COMMAND: []}
        for _ in range(rounds):
            quiet = idle_cpu(cluster)
            wall, used, took, asker = ours(ground, cluster)
            found["ours"].append((wall, of_each(used, quiet, took, READINGS), asker))
            for name, file in files.items():
                wall, used, took = theirs(ground, cluster, name, file)
                found[name].append((wall, of_each(used, quiet, took, TIMES[name])))
        asker = sum(one[2] for one in found["ours"]) / rounds
        for name in files:
            for column, what in enumerate(("time", "CPU of the servers")):
                rows.append(Row(f"{case}, {what}, beside {name}",
                                [one[column] for one in found["ours"]],
                                [one[column] for one in found[name]], name, duration,
                                also=f"{duration(asker)} of CPU of who asks" if column else ""))
    ground.end(cluster)
    return rows
