# SPDX-License-Identifier: Apache-2.0
"""The 99th percentile of transactions on other keys while a crowd writes one row: the crowd begins
with homeostat.admit() and a limit stands, or the same without a limit. The others are critical:
they begin with it, too. Commits are durable: where they cost nothing a limit makes the crowd itself
faster (who holds the row waits for no disk), and what is measured is who gets the processors.

And the same crowd counting into one hot counter under the limit: in one row, or in as many as
homeostat.counter_slots() says. Each keeps what it has locked for HOLD_MS more, as an application
does that has something else to do before it commits: where it commits at once, one row serves
nearly as many. Who is refused sleeps two seconds or more, so that of the crowd's own transactions
the shorter ones are those that were let in."""
import glob
import os

from ground import LOAD_ROLE
from processes import wait_until
from table import Row, duration, per_second

NAME = "backpressure"
TITLE = "p99 beside a hot row's writers, with a limit on them ÷ without"
CROWD, SLOTS, SECONDS, KEYS = 200, 8, 6, 100000
COUNTER_SLOTS, HOLD_MS, REFUSED = 64, 5, 2.0
SCHEMA = f"""
CREATE TABLE bench_hot (id integer PRIMARY KEY, n bigint);
INSERT INTO bench_hot SELECT key, 0 FROM generate_series(0, {KEYS}) AS key;
GRANT SELECT, UPDATE ON bench_hot TO {LOAD_ROLE};
-- pgbench gives a client up that is refused.
CREATE FUNCTION bench_write() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM homeostat.admit('bench');
  UPDATE bench_hot SET n = n + 1 WHERE id = 0;
EXCEPTION WHEN SQLSTATE 'HS004' THEN
  PERFORM pg_sleep(0.5 + random() / 2);
END
$$;
CREATE TABLE bench_count (slot integer PRIMARY KEY, n bigint NOT NULL) WITH (fillfactor = 50);
GRANT SELECT, INSERT, UPDATE ON bench_count TO {LOAD_ROLE};
CREATE FUNCTION bench_admit() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM homeostat.admit('bench');
  RETURN true;
EXCEPTION WHEN SQLSTATE 'HS004' THEN
  RETURN false;
END
$$;
"""
WRITERS = "SELECT bench_write();\n"
COUNT = f"""\\set pause random({int(REFUSED * 1000)}, {int(REFUSED * 1500)})
BEGIN;
SELECT bench_admit() AS admitted \\gset
\\if :admitted
INSERT INTO bench_count AS c VALUES (floor(random() * homeostat.counter_slots('bench')), 1)
ON CONFLICT (slot) DO UPDATE SET n = c.n + 1;
\\sleep {HOLD_MS} ms
COMMIT;
\\else
ROLLBACK;
\\sleep :pause ms
\\endif
"""
OTHERS = f"""\\set key random(1, {KEYS})
BEGIN;
SELECT homeostat.admit('bench', critical => true);
UPDATE bench_hot SET n = n + 1 WHERE id = :key;
COMMIT;
"""
LIMIT = f"""
INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit)
VALUES ('bench', homeostat.zone_class('bench'), {SLOTS}, 0.5);
"""
DURABLE = ("fsync", "synchronous_commit")
ARMS = {"without": "", "with": LIMIT}
COUNTER = f"""
INSERT INTO homeostat.counter (name, zone, slots, slots_at_rest, hold)
VALUES ('bench', 'bench', {COUNTER_SLOTS}, 1, '0');
"""
COUNTING = {"one row": LIMIT, "slots": LIMIT + COUNTER}


def missing():
    return None


def percentile(latencies, share):
    ordered = sorted(latencies)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def logged(prefix):
    """What pgbench has logged there, in seconds."""
    found = []
    for path in glob.glob(prefix + ".*"):
        with open(path) as lines:
            found += [int(line.split()[2]) / 1e6 for line in lines]
        os.remove(path)
    return found


def latencies(ground, name, scripts):
    """In seconds, of the others' transactions while the crowd writes."""
    server = ground.postgres()
    crowd = ground.pgbench("crowd", ["-M", "prepared", "-c", str(CROWD), "-j", "2", "-f",
                                     scripts["writers"], "-T", "600"])
    wait_until(lambda: len(ground.sessions(LOAD_ROLE)) == CROWD, "the crowd to be there")
    prefix = os.path.join(ground.subfolder("backpressure"), name)
    ground.pgbench_to_the_end("others", ["-M", "prepared", "-c", "8", "-j", "1", "-f",
                                         scripts["others"], "-T", str(SECONDS), "-l",
                                         f"--log-prefix={prefix}"])
    ground.end(crowd)
    wait_until(lambda: not ground.sessions(LOAD_ROLE), "the crowd to go")
    server.sql("DELETE FROM homeostat.zone_limit")
    return logged(prefix)


def counted(ground, name, script, setup):
    """Increments a second, and the latencies of the crowd's transactions that were let in."""
    server = ground.postgres()
    server.sql(setup)
    prefix = os.path.join(ground.subfolder("backpressure"), name)
    ground.pgbench_to_the_end("counting", ["-M", "prepared", "-c", str(CROWD), "-j", "2", "-f",
                                           script, "-T", str(SECONDS), "-l",
                                           f"--log-prefix={prefix}"])
    total = int(server.sql("SELECT sum(n) FROM bench_count")[0][0])
    server.sql("DELETE FROM homeostat.zone_limit; DELETE FROM homeostat.counter; "
               "TRUNCATE bench_count")
    return total / SECONDS, [seconds for seconds in logged(prefix) if seconds < REFUSED]


def durable(server, change):
    for setting in DURABLE:
        server.sql(change.format(setting))
    server.sql("SELECT pg_reload_conf()")


def run(ground, rounds, say):
    server = ground.postgres()
    server.sql(SCHEMA)
    durable(server, "ALTER SYSTEM SET {} = on")
    wait_until(lambda: all(server.sql(f"SHOW {setting}") == [["on"]] for setting in DURABLE),
               "commits to be durable")
    try:
        return measure(ground, rounds, say)
    finally:
        durable(server, "ALTER SYSTEM RESET {}")  # other benches share the server


def measure(ground, rounds, say):
    scripts = {"writers": ground.script("backpressure-writers", WRITERS),
               "others": ground.script("backpressure-others", OTHERS),
               "counting": ground.script("backpressure-counting", COUNT)}
    p99 = {arm: [] for arm in [*ARMS, *COUNTING]}
    median = {arm: [] for arm in ARMS}
    rate = {arm: [] for arm in COUNTING}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for arm, limit in ARMS.items():
            if limit:
                ground.postgres().sql(limit)
            found = latencies(ground, f"{arm}-{number}", scripts)
            p99[arm].append(percentile(found, 0.99))
            median[arm].append(percentile(found, 0.5))
        for arm, setup in COUNTING.items():
            increments, found = counted(ground, f"counting-{number}", scripts["counting"], setup)
            rate[arm].append(increments)
            p99[arm].append(percentile(found, 0.99))
    crowd = f"{CROWD} writers of one row"
    counter = f"{CROWD} of one counter, {HOLD_MS} ms each, {SLOTS} slots, {COUNTER_SLOTS} rows"
    return [Row(f"{crowd}, {SLOTS} slots: p99 of others", p99["with"], p99["without"],
                "no limit", duration),
            Row(f"{crowd}, {SLOTS} slots: median of others", median["with"], median["without"],
                "no limit", duration),
            Row(f"{counter}: increments", rate["slots"], rate["one row"], "limit, 1 row",
                per_second),
            Row(f"{counter}: p99 of those let in", p99["slots"], p99["one row"], "limit, 1 row",
                duration)]
