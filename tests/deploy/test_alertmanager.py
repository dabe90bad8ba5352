#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example routes of Alertmanager: valid, and each alert goes where it should.

Usage: test_alertmanager.py REPOSITORY
"""
import pathlib
import sys
import unittest

from tools import need, run, yaml_documents

ROOT = pathlib.Path(sys.argv.pop(1))
CONFIG = ROOT / "deploy/alertmanager/alertmanager.yaml"
RULES = ROOT / "deploy/prometheus/homeostat.rules.yaml"
need("amtool", "prometheus-alertmanager")


class AlertmanagerTest(unittest.TestCase):
    def routed(self, **labels):
        """The receivers of an alert with these labels."""
        status, said = run("amtool", "config", "routes", "test", "--config.file", CONFIG,
                           *(f"{name}={value}" for name, value in labels.items()))
        self.assertEqual(status, 0, said)
        return said.splitlines()[-1]

    def test_amtool_accepts_the_configuration(self):
        status, said = run("amtool", "check-config", CONFIG)
        self.assertEqual(status, 0, said)

    def test_the_watchdog_goes_to_the_dead_mans_switch_whichever_way_it_came(self):
        self.assertEqual(self.routed(alertname="HomeostatWatchdog", severity="none"),
                         "dead-mans-switch")
        self.assertEqual(self.routed(alertname="HomeostatWatchdog", severity="none",
                                     job="homeostat", instance="db1:9780"), "dead-mans-switch")

    def test_the_dead_mans_switch_hears_more_often_than_the_watchdog_needs_to_fall_silent(self):
        switch = next(route for route in yaml_documents(CONFIG)[0]["route"]["routes"]
                      if route["receiver"] == "dead-mans-switch")
        self.assertEqual(switch["repeat_interval"], "1m")

    def test_a_breaker_that_acts_pages_and_one_in_shadow_does_not(self):
        alert = {"alertname": "HomeostatCircuitBreaker", "severity": "page",
                 "subject": "cluster", "policy": "circuit-breaker"}
        self.assertEqual(self.routed(**alert, mode="enforce"), "page")
        self.assertEqual(self.routed(**alert, mode="shadow"), "warning")

    def test_a_warning_pages_nobody(self):
        self.assertEqual(self.routed(alertname="HomeostatLockContention", severity="warning",
                                     mode="enforce"), "warning")

    def test_every_alert_of_the_rules_goes_to_the_receiver_of_its_severity(self):
        for rule in yaml_documents(RULES)[0]["groups"][0]["rules"]:
            severity = rule["labels"]["severity"]
            expected = "dead-mans-switch" if severity == "none" else severity
            self.assertEqual(self.routed(alertname=rule["alert"], severity=severity), expected)


if __name__ == "__main__":
    unittest.main()
