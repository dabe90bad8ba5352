# SPDX-License-Identifier: Apache-2.0
"""Both policy sets on the simulator's scenarios, beside the naive rule and Prometheus' `for: 1m`:
the whole table, and how much more of the incidents' time is protected. The same on every machine."""
import json
import os
import subprocess

from ground import REPO, DemoError, clean_environment
from table import Row

NAME = "detect"
TITLE = "share of incident time protected, recommended policies ÷ another rule on the same incidents"
RULES = {"source": "policies/source",
         "naive": "tests/bench/rules/naive",
         "prometheus": "tests/bench/rules/prometheus"}
PEERS = {"source": "the source's rules", "naive": "naive, each sample",
         "prometheus": "Prometheus, for: 1m"}
OURS = "recommended"


def missing():
    return None


def command(binary, *more):
    compared = [argument for path in RULES.values() for argument in ("--compare", path)]
    return [binary, "simulate", "policies/scenarios", "--policies", "policies/recommended",
            *compared, *more]


def start(binary, *more):
    return subprocess.Popen(command(binary, *more), text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, cwd=REPO, env=clean_environment())


def ended(child):
    """What it printed. It exits with 1 when the recommended policies miss what is expected of them:
    that is in the table."""
    out, err = child.communicate()
    if child.returncode not in (0, 1) or not out:
        raise DemoError(f"homeostat simulate failed: {err.strip()}")
    return out


def rows_of(told):
    """A line a policy and rule, where both were tried on incidents."""
    rows = []
    for scenario in told["scenarios"]:
        sets = {each["set"]: each["report"]["policies"] for each in scenario["sets"]}
        for policy, ours in sets[OURS].items():
            for name, peer in PEERS.items():
                theirs = sets.get(name, {}).get(policy)
                if theirs is None or not ours["incidents"] or not theirs["protected_share"]:
                    continue
                rows.append(Row(f"{scenario['scenario']}: {policy}", [ours["protected_share"]],
                                [theirs["protected_share"]], peer, "{:.1%}".format, paired=False))
    return rows


def run(ground, rounds, say):
    say("$ " + " ".join(command("homeostat")))
    # Rounds would only repeat it. For people and for the rows below, beside each other.
    table, figures = start(ground.binary), start(ground.binary, "--json")
    try:
        for line in ended(table).splitlines():
            say(line)
        return rows_of(json.loads(ended(figures)))
    finally:
        for child in (table, figures):
            if child.poll() is None:
                child.terminate()
                child.wait()
