#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the judgement of the demo of shards: when it says that it failed.

Usage: test_shards.py REPOSITORY
"""
import dataclasses
import os
import sys
import unittest

REPO = sys.argv.pop(1)
sys.path.insert(0, os.path.join(REPO, "deploy/demo"))

import demo  # noqa: E402
import shards  # noqa: E402
import shards_summary as summary  # noqa: E402
import workload  # noqa: E402


def transaction(seconds):
    return workload.Transaction(1000.0, seconds, False)


GOOD = summary.Facts(
    before=[190, 60, 50], after=[105, 97, 98], measured=0.64, by_hand=shards.variation([190, 60, 50]),
    began=1000.0, acts=[(1010.0, "apply"), (1021.5, "revert")],
    calm=[transaction(0.02)], moving=[transaction(0.02), transaction(1.25)],
    acknowledged=80, plays=300, counters=300, misplaced=0, jobs=1, exit_status=0)


class Judgement(unittest.TestCase):
    def fails_with(self, part, **changed):
        found = list(summary.failures(dataclasses.replace(GOOD, **changed)))
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_a_loop_that_closed_fails_for_nothing(self):
        self.assertEqual(list(summary.failures(GOOD)), [])

    def test_every_way_in_which_it_can_stay_open_is_told(self):
        self.fails_with("never measured", measured=None)
        self.fails_with("by hand", measured=0.70)
        self.fails_with("no shard was moved", acts=[])
        self.fails_with("never ended", acts=GOOD.acts[:1])
        self.fails_with("2 jobs", jobs=2)
        self.fails_with("12.0% over", after=[112, 94, 94])
        self.fails_with("2 shards lie", misplaced=2)
        self.fails_with("lost or doubled", counters=301)
        self.fails_with("nobody wrote", moving=[])
        self.fails_with("status 3", exit_status=3)

    def test_the_summary_has_the_figures(self):
        text = "\n".join(summary.lines(GOOD))
        self.assertIn("190%, 60%, 50%", text)
        self.assertIn("fullest node +5.0%", text)
        self.assertIn("started 10.0 s after Homeostat, done 11.5 s later", text)
        self.assertIn("longest wait 20 ms before, 1250 ms while", text)

    def test_the_variation_is_that_of_the_population(self):
        self.assertAlmostEqual(shards.variation([2, 4, 4, 4, 5, 5, 7, 9]), 2 / 5)

    def test_it_ends_by_itself_and_says_so(self):
        self.assertTrue(demo.ends_by_itself(demo.parse(["--citus"])))
        self.assertEqual(demo.parse(["--cluster", "dbname=x"]).cluster, "dbname=x")
        for wrong in (["--citus", "--seconds", "90"], ["--cluster", "x", "--compare"]):
            with self.assertRaises(SystemExit):
                demo.parse(wrong)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]])
