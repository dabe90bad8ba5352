#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the judgement of the demo of shards: when it says that it failed.

Usage: test_shards.py REPOSITORY
"""
import dataclasses
import io
import os
import sys
import unittest

REPO = sys.argv.pop(1)
sys.path.insert(0, os.path.join(REPO, "deploy/demo"))

import demo  # noqa: E402
import display  # noqa: E402
import outage  # noqa: E402
import shards  # noqa: E402
import shards_summary as summary  # noqa: E402
import workload  # noqa: E402


def transaction(seconds):
    return workload.Transaction(1000.0, seconds, False)


GOOD = summary.Facts(
    before=[190, 60, 50], after=[105, 97, 98], measured=0.64, by_hand=shards.variation([190, 60, 50]),
    began=1000.0, acts=[(1010.0, "apply"), (1021.5, "revert")],
    calm=[transaction(0.02)], moving=[transaction(0.02), transaction(1.25)],
    acknowledged=80, plays=300, counters=300, misplaced=0, jobs=1,
    outage=outage.OutageFacts(
        gone=1050.0, back=1062.0, acts=[(1051.0, "apply", "zone/worker-2", 0.0),
                                        (1064.0, "apply", "zone/worker-2", 0.05),
                                        (1067.0, "revert", "zone/worker-2", None)],
        refused={"worker-1": 0, "worker-2": 70, "worker-3": 0},
        before=[transaction(0.01)], during=[transaction(0.02)], whole=True),
    exit_status=0)


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

    def test_the_exit_status_is_that_of_the_judgement(self):
        for facts, status, says in ((GOOD, 0, False),
                                    (dataclasses.replace(GOOD, jobs=2), 1, True)):
            out = io.StringIO()
            self.assertEqual(shards.tell(display.Display(out), facts), status)
            self.assertEqual("FAILED: " in out.getvalue(), says)

    def test_an_outage_that_spreads_or_stays_is_told(self):
        def changed(**how):
            return dataclasses.replace(GOOD.outage, **how)

        self.fails_with("nobody of the zone", outage=changed(refused={"worker-2": 0}))
        self.fails_with("3 of other zones",
                        outage=changed(refused={"worker-1": 3, "worker-2": 70}))
        self.fails_with("stood still", outage=changed(during=[]))
        self.fails_with("not given back", outage=changed(whole=False))
        self.assertEqual(
            list(summary.failures(dataclasses.replace(GOOD, outage=None))), [])

    def test_the_summary_has_the_figures(self):
        text = "\n".join(summary.lines(GOOD))
        self.assertIn("190%, 60%, 50%", text)
        self.assertIn("fullest node +5.0%", text)
        self.assertIn("started 10.0 s after Homeostat, done 11.5 s later", text)
        self.assertIn("refused 1.0 s after it went; turned away: worker-1 0, worker-2 70", text)
        self.assertIn("p99 10 ms before, 20 ms while", text)
        self.assertIn("5% after 2.0 s, all after 5.0 s", text)
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
