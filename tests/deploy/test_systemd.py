#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The systemd unit: as exposed as it may be, without a key that systemd does not know.

Usage: test_systemd.py REPOSITORY
"""
import pathlib
import re
import sys
import tempfile
import unittest

from tools import need, run

ROOT = pathlib.Path(sys.argv.pop(1))
UNIT = ROOT / "deploy/systemd/homeostat.service"
THRESHOLD = 15  # tenths: an exposure of 1.5
need("systemd-analyze", "systemd")


class SystemdTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.copy = pathlib.Path(folder.name, UNIT.name)

    def planted(self, old, new):
        """A copy of the unit in which every line that begins with `old` is `new`."""
        text, changed = re.subn(rf"(?m)^{re.escape(old)}.*$", new, UNIT.read_text())
        self.assertGreater(changed, 0, f"the unit has no line {old}")
        self.copy.write_text(text)
        return self.copy

    def exposed(self, unit):
        """Whether systemd-analyze finds the unit more exposed than it may be."""
        status, said = run("systemd-analyze", "security", "--offline=true", "--no-pager",
                           f"--threshold={THRESHOLD}", unit)
        self.assertIn("Overall exposure level", said)
        print(said.splitlines()[-1].lstrip("→ "))
        return status != 0

    def complaints(self, unit):
        return run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", unit)

    def test_the_exposure_is_at_most_one_and_a_half(self):
        self.assertFalse(self.exposed(UNIT))

    def test_a_unit_without_its_filter_of_system_calls_is_too_exposed(self):
        self.assertTrue(self.exposed(self.planted("SystemCallFilter=", "")))

    def test_systemd_has_no_complaint(self):
        # The binary is not installed here; anything that can be executed stands for it.
        unit = self.planted("ExecStart=", "ExecStart=/bin/true")
        self.assertEqual(self.complaints(unit), (0, ""))

    def test_a_misspelt_key_is_complained_of(self):
        status, said = self.complaints(self.planted("WatchdogSec=", "WatchdogSecs=30"))
        self.assertNotEqual(status, 0)
        self.assertIn("WatchdogSecs", said)

    def test_what_the_loop_relies_on_is_there(self):
        lines = set(UNIT.read_text().splitlines())
        for line in ("Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "WatchdogSec=30",
                     "Restart=on-failure", "StateDirectory=homeostat", "User=homeostat",
                     "ExecStart=/usr/bin/homeostat run --config /etc/homeostat/homeostat.yaml"):
            self.assertIn(line, lines)
        keys = {line.split("=")[0] for line in lines}
        self.assertLessEqual({"MemoryMin", "OOMScoreAdjust", "LimitCORE"}, keys)


if __name__ == "__main__":
    unittest.main()
