#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Grafana's dashboard: its metrics exist, its expressions parse, its panels do not overlap.

Usage: test_grafana.py REPOSITORY
"""
import itertools
import json
import pathlib
import sys
import tempfile
import unittest

import metric_names
from tools import need, run

ROOT = pathlib.Path(sys.argv.pop(1))
DASHBOARD = json.loads((ROOT / "deploy/grafana/homeostat.json").read_text())
PANELS = DASHBOARD["panels"]
WIDTH = 24  # of Grafana's grid
need("promtool", "prometheus")


def targets():
    return [(panel["title"], target) for panel in PANELS for target in panel["targets"]]


class GrafanaTest(unittest.TestCase):
    def test_every_metric_exists(self):
        known = metric_names.known(ROOT)
        for title, target in targets():
            names = metric_names.used(target["expr"])
            self.assertTrue(names, title)
            self.assertEqual(names - known, set(), title)

    def test_every_expression_is_one(self):
        # promtool reads expressions as those of rules.
        rules = [{"record": f"panel:{number}", "expr": target["expr"]
                  .replace("$__rate_interval", "1m").replace("$instance", ".*")}
                 for number, (_, target) in enumerate(targets())]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
            file.flush()
            status, said = run("promtool", "check", "rules", file.name)
        self.assertEqual(status, 0, said)
        self.assertIn(f"{len(rules)} rules found", said)

    def test_every_expression_keeps_to_the_chosen_source_and_instance(self):
        for title, target in targets():
            self.assertEqual(target["datasource"]["uid"], "${datasource}", title)
            self.assertIn('instance=~"$instance"', target["expr"], title)
        self.assertEqual([variable["name"] for variable in DASHBOARD["templating"]["list"]],
                         ["datasource", "instance"])

    def test_panels_have_numbers_and_titles_of_their_own(self):
        for key in ("id", "title"):
            values = [panel[key] for panel in PANELS]
            self.assertEqual(len(values), len(set(values)))
            self.assertTrue(all(values))

    def test_panels_neither_overlap_nor_leave_the_page(self):
        for panel in PANELS:
            place = panel["gridPos"]
            self.assertLessEqual(place["x"] + place["w"], WIDTH, panel["title"])
        for one, other in itertools.combinations(PANELS, 2):
            a, b = one["gridPos"], other["gridPos"]
            apart = (a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
                     or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"])
            self.assertTrue(apart, (one["title"], other["title"]))


if __name__ == "__main__":
    unittest.main()
