#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves report_results.py: no test, a failed test and a missing file are failures."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import report_results

PASSED = '<testcase name="good" status="run"/>'
FAILED = '<testcase name="bad" status="fail"><failure message=""/></testcase>'
SKIPPED = ('<testcase name="left out" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION"/>'
           "<system-out>SKIPPED: no such server here\n</system-out></testcase>")


class ReportTest(unittest.TestCase):
    def report(self, *cases):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "results.xml")
            path.write_text(f"<testsuite>{''.join(cases)}</testsuite>")
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = report_results.report(path)
            return status, out.getvalue()

    def test_passed_tests_are_counted(self):
        self.assertEqual(self.report(PASSED, PASSED),
                         (0, "2 tests ran, 2 passed, 0 failed, 0 skipped\n"))

    def test_a_failed_test_is_named_and_fails(self):
        status, text = self.report(PASSED, FAILED)
        self.assertEqual(status, 1)
        self.assertIn("failed: bad", text)

    def test_a_skipped_test_is_named_with_its_reason(self):
        status, text = self.report(PASSED, SKIPPED)
        self.assertEqual(status, 0)
        self.assertIn("skipped: left out: no such server here", text)

    def test_nothing_but_skipped_tests_fails(self):
        self.assertEqual(self.report(SKIPPED)[0], 1)

    def test_no_test_at_all_fails(self):
        self.assertEqual(self.report()[0], 1)

    def test_a_missing_file_fails(self):
        with contextlib.redirect_stdout(io.StringIO()):
            self.assertEqual(report_results.report("/nonexistent/results.xml"), 1)


if __name__ == "__main__":
    unittest.main()
