# SPDX-License-Identifier: Apache-2.0
"""What one homeostat.allowed() costs the server, beside SELECT 1: the CPU of the backend that
answers them, prepared, one a transaction."""
from ground import children, reaped_cpu_seconds
from processes import wait_until
from table import Row, duration

NAME = "allowed"
TITLE = "homeostat.allowed() ÷ SELECT 1, server CPU a call"
CALLS = 20000
KEYED = "\\set key random(1, 1000000)\nSELECT homeostat.allowed('{feature}', :key::text);\n"
SCRIPTS = {
    "select": "SELECT 1;\n",
    "a feature that nobody declared": KEYED.format(feature="bench_unknown"),
    "declared, nothing restricted": KEYED.format(feature="bench_free"),
    "declared, restricted": KEYED.format(feature="bench_shed"),
}
INVENTORY = """
INSERT INTO homeostat.feature (name, class)
VALUES ('bench_free', 'bench_free'), ('bench_shed', 'bench_shed');
INSERT INTO homeostat.admission (target, admit, salt) VALUES ('class/bench_shed', 0.5, sha256('a'));
"""


def missing():
    return None


def call_seconds(ground, script):
    server = ground.postgres().child.process.pid
    others, before = children(server), reaped_cpu_seconds(server)
    ground.pgbench_to_the_end("allowed", ["-M", "prepared", "-c", "1", "-f", script,
                                          "-t", str(CALLS)])
    # A backend ends after its client: its time counts once the server has waited for it.
    wait_until(lambda: children(server) <= others, "the session to end")
    return (reaped_cpu_seconds(server) - before) / CALLS


def run(ground, rounds, say):
    ground.postgres().sql(INVENTORY)
    scripts = {name: ground.script(f"allowed-{number}", text)
               for number, (name, text) in enumerate(SCRIPTS.items())}
    found = {name: [] for name in SCRIPTS}
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for name, script in scripts.items():
            found[name].append(call_seconds(ground, script))
    return [Row(name, found[name], found["select"], "SELECT 1", duration)
            for name in SCRIPTS if name != "select"]
