#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scrape configuration and alert rules: valid, over metrics that exist, firing when they should.

Usage: test_prometheus.py REPOSITORY
"""
import pathlib
import sys
import tempfile
import unittest

import metric_names
from tools import need, run, yaml_documents

ROOT = pathlib.Path(sys.argv.pop(1))
FOLDER = ROOT / "deploy/prometheus"
RULES = FOLDER / "homeostat.rules.yaml"
TESTS = ROOT / "tests/deploy/homeostat.rules.test.yaml"
ALERTS = ["HomeostatWatchdog", "HomeostatBlind", "HomeostatRevertOverdue", "HomeostatForeignWrite",
          "HomeostatPausedLong"]
need("promtool", "prometheus")


class PrometheusTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.rules = yaml_documents(RULES)[0]["groups"][0]["rules"]

    def test_promtool_accepts_the_rules(self):
        status, said = run("promtool", "check", "rules", "--lint=all", "--lint-fatal", RULES)
        self.assertEqual(status, 0, said)

    def test_promtool_accepts_the_configuration(self):
        status, said = run("promtool", "check", "config", "--lint=all", "--lint-fatal",
                           FOLDER / "prometheus.yaml")
        self.assertEqual(status, 0, said)
        self.assertIn("1 rule files found", said)

    def test_the_five_alerts_are_there_and_no_other(self):
        self.assertEqual([rule["alert"] for rule in self.rules], ALERTS)

    def test_every_metric_that_a_rule_uses_exists(self):
        known = metric_names.known(ROOT)
        for rule in self.rules:
            names = metric_names.used(rule["expr"])
            self.assertTrue(names, rule["alert"])
            self.assertEqual(names - known, set(), rule["alert"])

    def promtool_tests(self, rules):
        copy = self.folder / "rules.test.yaml"
        copy.write_text(TESTS.read_text().replace("[RULES]", f"[{rules}]"))
        return run("promtool", "test", "rules", copy)

    def test_each_alert_fires_when_it_should_and_not_otherwise(self):
        status, said = self.promtool_tests(RULES)
        self.assertEqual(status, 0, said)

    def test_each_alert_is_seen_to_fire_and_not_to_fire(self):
        asked = [case for test in yaml_documents(TESTS)[0]["tests"]
                 for case in test["alert_rule_test"]]
        for alert in ALERTS:
            for fires in (True, False):
                self.assertTrue(any(case["alertname"] == alert and bool(case["exp_alerts"]) == fires
                                    for case in asked), (alert, fires))

    def test_a_broken_rule_is_found_by_its_test(self):
        planted = self.folder / "planted.rules.yaml"
        for old, new in (("< 120", "< 1200"), ("for: 1m", "for: 5m"), ("> 30", "> 300"),
                         ("(homeostat_lever_drift) == 1", "(homeostat_lever_drift) == 2"),
                         ("for: 1h", "for: 1m"), ('{reason!="never_sampled"}', "")):
            self.assertIn(old, RULES.read_text())
            planted.write_text(RULES.read_text().replace(old, new))
            status, said = self.promtool_tests(planted)
            self.assertNotEqual(status, 0, f"{old} -> {new}: {said}")


if __name__ == "__main__":
    unittest.main()
