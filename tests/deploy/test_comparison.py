#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves what `deploy/demo/run --compare` makes of the transactions that it saw.

Usage: test_comparison.py REPOSITORY
"""
import math
import os
import sys
import unittest

REPO = sys.argv.pop(1)
sys.path.insert(0, os.path.join(REPO, "deploy/demo"))

import comparison  # noqa: E402
import demo  # noqa: E402
import workload  # noqa: E402
from comparison import ARMS, RECOMMENDED, SOURCE, WITHOUT  # noqa: E402

STORM = 1000.0
END = STORM + 30


class Log(workload.LogReader):
    def __init__(self, taken):
        super().__init__("/nonexistent/critical")
        self.transactions = taken


def log(disturbed_seconds, share=0.5):
    """100 transactions a second until the end; in those seconds, a share of them is given up."""
    return Log([workload.Transaction(STORM + second + i / 100, 0.001,
                                     second in disturbed_seconds and i < share * 100)
                for second in range(30) for i in range(100)])


def outcome(seen, attempts=10, done=10, acts=0):
    return comparison.outcome(seen, STORM, END, attempts, done, acts)


class OutcomeTest(unittest.TestCase):
    def test_a_transaction_beyond_500_ms_counts_whether_it_was_given_up_or_late(self):
        late = [workload.Transaction(0, 0.6, False), workload.Transaction(0, 0.5, True),
                workload.Transaction(0, 0.5, False), workload.Transaction(0, 0.001, False)]
        self.assertEqual(comparison.share_beyond(late), 0.5)

    def test_the_share_is_of_storm_and_aftermath(self):
        self.assertAlmostEqual(outcome(log({0, 1, 2})).beyond, 0.05)

    def test_what_happened_before_the_storm_does_not_count(self):
        seen = log(set())
        seen.transactions += [workload.Transaction(STORM - 1, 9.0, False)] * 1000
        self.assertEqual(outcome(seen).beyond, 0)
        self.assertEqual(outcome(seen).p99, 0.001)

    def test_recovery_is_the_end_of_the_last_disturbed_second(self):
        found = outcome(log({0, 1, 7}))  # it came back once
        self.assertEqual((found.recovered, found.recovered_at_all), (8.0, True))

    def test_a_few_late_ones_do_not_disturb_a_second(self):
        self.assertEqual(outcome(log({3}, share=0.05)).recovered, 0.0)
        self.assertEqual(outcome(log({3}, share=0.06)).recovered, 4.0)

    def test_disturbed_to_the_end_is_no_recovery(self):
        found = outcome(log({29}))
        self.assertEqual((found.recovered, found.recovered_at_all), (30.0, False))

    def test_a_second_in_which_nothing_came_through_is_disturbed(self):
        seen = log(set())
        seen.transactions = [t for t in seen.transactions if not STORM + 4 <= t.ended < STORM + 5]
        self.assertEqual(outcome(seen).recovered, 5.0)

    def test_without_any_transaction_there_is_no_share(self):
        found = outcome(Log([]))
        self.assertIsNone(found.beyond)
        self.assertTrue(math.isnan(found.p99))
        self.assertFalse(found.recovered_at_all)

    def test_attempts_that_did_no_work_were_refused(self):
        self.assertEqual(outcome(log(set()), attempts=8, done=2).refused, 0.75)
        self.assertIsNone(outcome(log(set()), attempts=0, done=0).refused)


def compared(recommended, source, without):
    return comparison.Comparison({RECOMMENDED: recommended, SOURCE: source, WITHOUT: without})


class ComparisonTest(unittest.TestCase):
    def setUp(self):
        bad, worse = outcome(log({0, 1, 2, 3})), outcome(log(range(8)))
        good = outcome(log({0, 1}), attempts=10, done=5, acts=2)
        self.compared = compared([good, good], [bad, good], [bad, worse])

    def test_reductions_are_against_the_same_round_without(self):
        for found, expected in zip(self.compared.reductions(RECOMMENDED), [0.5, 0.75]):
            self.assertAlmostEqual(found, expected)
        for found, expected in zip(self.compared.reductions(SOURCE), [0.0, 0.75]):
            self.assertAlmostEqual(found, expected)

    def test_the_reduction_that_is_shown_is_the_one_that_was_measured(self):
        text = "\n".join(self.compared.lines())
        self.assertIn("recommended                 62.5% [56.2% – 68.8%]", text)
        self.assertEqual(text.count("72%"), 1)
        self.assertIn("the document claims         72% for its rules", text)

    def test_the_table_has_a_column_an_arm_and_a_line_a_figure(self):
        lines = list(self.compared.lines())
        self.assertEqual(lines[1].split("  ")[-1], WITHOUT)
        self.assertIn("attempts that were refused  50.0% [50.0% – 50.0%]", lines[6])
        self.assertLessEqual(max(map(len, lines)), 140)

    def test_a_round_that_never_recovered_is_said(self):
        never = outcome(log({29}))
        lines = list(compared([never], [never], [never]).lines())
        self.assertIn("30 s [30 s – 30 s], 1 never", lines[4])

    def test_a_storm_that_nobody_felt_is_nothing_to_compare(self):
        good = outcome(log(set()))
        self.assertEqual(self.compared.failures(), [])
        self.assertIn("in 1 rounds", compared([good], [good], [good]).failures()[0])


class CommandTest(unittest.TestCase):
    def test_every_arm_but_one_has_policies_that_are_shipped(self):
        folders = [folder for folder in ARMS.values() if folder is not None]
        self.assertEqual(len(folders), 2)
        for folder in folders:
            self.assertTrue(os.path.exists(os.path.join(REPO, folder, "circuit-breaker.yaml")))

    def test_rounds_belong_to_a_comparison_and_seconds_do_not(self):
        self.assertEqual(demo.parse(["--compare", "--rounds", "2"]).rounds, 2)
        for wrong in (["--rounds", "2"], ["--compare", "--rounds", "0"],
                      ["--compare", "--seconds", "90"]):
            with self.assertRaises(SystemExit), open(os.devnull, "w") as quiet:
                stderr, sys.stderr = sys.stderr, quiet
                try:
                    demo.parse(wrong)
                finally:
                    sys.stderr = stderr


if __name__ == "__main__":
    unittest.main()
