#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves the demo's judgement: what it reads from pgbench's log, and when it says it failed.

Usage: test_demo.py REPOSITORY
"""
import dataclasses
import io
import math
import os
import sys
import tempfile
import unittest

REPO = sys.argv.pop(1)
sys.path.insert(0, os.path.join(REPO, "deploy/demo"))

import display  # noqa: E402
import events  # noqa: E402
import summary  # noqa: E402
import supervisor  # noqa: E402
import workload  # noqa: E402

STORM = 1000.0


def transactions(start, end, seconds, given_up=0.0):
    """100 a second; the share given_up of them is given up."""
    count = int((end - start) * 100)
    return [workload.Transaction(start + i / 100, seconds, i % 100 < given_up * 100)
            for i in range(count)]


class Log(workload.LogReader):
    def __init__(self, taken):
        super().__init__("/nonexistent/critical")
        self.transactions = taken


def storm_log(*spans):
    """Listeners who are fine from 10 s before the storm to 70 s after its start, except in the
    spans (start, end, seconds, given_up), which follow one another."""
    fine_from, taken = STORM - 10, []
    for start, end, seconds, given_up in spans:
        taken += transactions(fine_from, start, 0.001)
        taken += transactions(start, end, seconds, given_up)
        fine_from = end
    return Log(taken + transactions(fine_from, STORM + 70, 0.002))


def good_facts():
    return summary.Facts(
        calm=STORM - 10, storm=STORM, cause_over=STORM + 25, end=STORM + 70,
        log=storm_log((STORM, STORM + 8, 1.5, 0.7)),
        decisions=[(STORM + 4, {"step": "opened", "rung": 1}),
                   (STORM + 7, {"step": "climbed", "rung": 2}),
                   (STORM + 20, {"step": "reopened", "rung": 2}),
                   (STORM + 45, {"step": "closed", "rung": 0})],
        acts=[(STORM + 4, "apply", "applied", "class/rebuildable", 0.0, "opened"),
              (STORM + 7, "apply", "applied", "class/batch", 0.0, "climbed"),
              (STORM + 35, "revert", "applied", "class/batch", None, "restored"),
              (STORM + 38, "apply", "applied", "class/rebuildable", 0.05, "restored"),
              (STORM + 45, "revert", "applied", "class/rebuildable", None, "closed")],
        profile_acts=[(STORM + 3, "apply", "applied"), (STORM + 46, "revert", "applied")],
        role_settings=[],
        effects=[{"rung": 2, "signal": "pg_blocked_ratio", "before": 0.8, "after": 0.0,
                  "met": True}],
        events=None,
        notifications=[(STORM + 4, "firing", summary.ALERT), (STORM + 46, "resolved",
                                                              summary.ALERT)],
        closed=True, open_ledger_rows=0, refused_keys={"monthly_report": 0}, exit_status=0)


class SummaryTest(unittest.TestCase):
    def failures(self, **changes):
        return summary.Summary(dataclasses.replace(good_facts(), **changes)).failures()

    def fails_with(self, text, **changes):
        found = self.failures(**changes)
        self.assertTrue(any(text in line for line in found), found)

    def test_a_loop_that_closed_has_no_failures(self):
        self.assertEqual(self.failures(), [])

    def test_times_count_from_the_start_of_the_storm(self):
        text = "\n".join(summary.Summary(good_facts()).lines())
        for line in ("detected         4.0 s", "its cause shed   7.0 s", "all given back   45.0 s",
                     "2 made, 1 steps back, 2 reverted", "0.80 -> 0.00, as expected", "firing 4.0 s"):
            self.assertIn(line, text)

    def test_the_phases_show_the_storm_and_the_relief(self):
        speeds = summary.Summary(good_facts()).latencies()
        self.assertEqual(list(speeds), ["before", "storm, not yet shed", "shed", "after"])
        self.assertEqual(speeds["before"].p99, 0.001)
        self.assertEqual(speeds["storm, not yet shed"].p99, 1.5)
        self.assertEqual(speeds["shed"].p99, 0.002)

    def test_a_step_back_is_no_act_of_shedding(self):
        acts = [(1.0, "apply", "applied", "class/batch", 0.0, ""),
                (2.0, "apply", "yielded", "class/batch", 0.0, ""),
                (3.0, "apply", "applied", "class/batch", 0.05, ""),
                (4.0, "apply", "applied", "class/batch", 0.25, ""),
                (5.0, "apply", "applied", "class/batch", 0.0, ""),
                (6.0, "revert", "applied", "class/batch", None, ""),
                (7.0, "apply", "applied", "class/batch", 0.5, "")]
        self.assertEqual([act[0] for act in summary.forward(acts)], [1.0, 5.0, 7.0])

    def test_a_breaker_that_never_opened_fails(self):
        self.fails_with("never opened", decisions=[])

    def test_an_opening_before_the_storm_does_not_count(self):
        self.fails_with("never opened", decisions=[(STORM - 5, {"step": "opened", "rung": 1})])

    def test_no_act_at_all_fails(self):
        self.fails_with("nothing was shed", acts=[])

    def test_an_act_that_was_refused_is_no_act(self):
        refused = [(t, k, "refused", *rest) for t, k, _, *rest in good_facts().acts]
        self.fails_with("nothing was shed", acts=refused)

    def test_a_storm_whose_cause_was_never_shed_fails(self):
        self.fails_with("class/batch", acts=[good_facts().acts[0], good_facts().acts[-1]])

    def test_a_breaker_still_open_fails(self):
        self.fails_with("not closed", closed=False)

    def test_a_planner_profile_never_set_fails(self):
        self.fails_with("planner profile was never set", profile_acts=[])

    def test_a_planner_profile_that_is_not_given_back_fails(self):
        self.fails_with("planner profile was never given back",
                        profile_acts=good_facts().profile_acts[:1])
        refused = [good_facts().profile_acts[0], (STORM + 46, "revert", "refused")]
        self.fails_with("planner profile was never given back", profile_acts=refused)

    def test_settings_left_on_the_managed_role_fail(self):
        self.fails_with("left on the managed role: jit=off", role_settings=["jit=off"])

    def test_an_open_ledger_row_fails(self):
        self.fails_with("still open in the ledger", open_ledger_rows=1)

    def test_a_lever_never_reverted_fails(self):
        self.fails_with("never reverted: class/rebuildable", acts=good_facts().acts[:-1])

    def test_a_feature_still_refused_fails(self):
        self.fails_with("still refuses: monthly_report", refused_keys={"monthly_report": 3})

    def test_a_storm_that_nobody_felt_fails(self):
        self.fails_with("there was no storm",
                        log=Log(transactions(STORM - 10, STORM + 70, 0.001)))

    def test_listeners_who_did_not_recover_fail(self):
        self.fails_with("did not recover",
                        log=Log(transactions(STORM - 10, STORM, 0.001)
                                + transactions(STORM, STORM + 70, 1.5, 0.7)))

    def test_a_storm_that_lasted_as_long_as_its_cause_fails_whatever_was_shed(self):
        bad = storm_log((STORM, STORM + 25, 1.5, 0.7))
        self.fails_with("did not help: 70% of the listeners gave up, 68% before it", log=bad)
        self.fails_with("did not help: p99 1500 ms, 1500 ms before it", log=bad)

    def test_what_gets_better_after_the_causes_own_end_is_not_counted_as_help(self):
        phases = summary.Summary(good_facts()).phases()
        self.assertEqual(phases[2], ("shed", STORM + 9, STORM + 25))

    def test_a_little_relief_is_not_enough(self):
        storm = (STORM, STORM + 8, 1.5, 0.7)
        self.fails_with("40% of the listeners gave up",
                        log=storm_log(storm, (STORM + 8, STORM + 25, 0.5, 0.4)))
        self.fails_with("p99 1000 ms", log=storm_log(storm, (STORM + 8, STORM + 25, 1.0, 0.1)))

    def test_shedding_too_late_to_be_judged_fails(self):
        late = [(STORM + 24, *act[1:]) if act[0] == STORM + 7 else act
                for act in good_facts().acts]
        self.fails_with("while the cause was shed", acts=late)

    def test_no_listener_while_the_cause_was_shed_fails(self):
        self.fails_with("while the cause was shed",
                        log=Log(transactions(STORM, STORM + 8, 1.5, 0.7)
                                + transactions(STORM + 40, STORM + 70, 0.002)))

    def test_no_listener_after_the_storm_fails(self):
        self.fails_with("no transaction was seen after",
                        log=Log(transactions(STORM, STORM + 8, 1.5, 0.7)))

    def test_an_alert_that_was_never_resolved_fails(self):
        self.fails_with("resolved", notifications=good_facts().notifications[:1])

    def test_another_alert_does_not_stand_for_ours(self):
        others = [(t, s, "HomeostatWatchdog") for t, s, _ in good_facts().notifications]
        self.fails_with("firing", notifications=others)

    def test_without_alertmanager_nothing_is_asked_of_it(self):
        self.assertEqual(self.failures(notifications=None), [])

    def test_a_daemon_that_ended_badly_fails(self):
        self.fails_with("status 1", exit_status=1)
        self.fails_with("status None", exit_status=None)


class WorkloadTest(unittest.TestCase):
    def test_a_line_of_the_log_is_a_transaction(self):
        self.assertEqual(workload.parse_line("3 17 1850 0 1700000000 250000 41 0"),
                         workload.Transaction(1700000000.25, 0.00185, False))

    def test_a_skipped_and_a_failed_transaction_were_given_up(self):
        for word in ("skipped", "failed", "serialization", "deadlock"):
            given_up = workload.parse_line(f"3 18 {word} 0 1700000001 0 612000 0")
            self.assertTrue(given_up.given_up)
            self.assertEqual(given_up.seconds, workload.GIVES_UP_SECONDS)

    def test_a_torn_line_is_left_for_the_next_reading(self):
        with tempfile.TemporaryDirectory() as folder:
            reader = workload.LogReader(os.path.join(folder, "critical"))
            with open(os.path.join(folder, "critical.77"), "w") as log:
                log.write("0 1 1000 0 1700000000 0 1 0\n0 2 20")
                log.flush()
                reader.read()
                self.assertEqual(len(reader.transactions), 1)
                log.write("00 0 1700000001 0 1 0\n")
                log.flush()
                reader.read()
            self.assertEqual([t.seconds for t in reader.transactions], [0.001, 0.002])

    def test_p99_is_the_nearest_rank(self):
        hundred = [workload.Transaction(0, n / 1000, False) for n in range(1, 101)]
        self.assertEqual(workload.latency(hundred, 1).p99, 0.099)
        self.assertEqual(workload.latency(hundred[:1], 1).p99, 0.001)

    def test_no_transactions_have_no_p99(self):
        self.assertTrue(math.isnan(workload.latency([], 1).p99))

    def test_given_up_transactions_count_with_the_limit_but_not_as_done(self):
        speed = workload.latency([workload.Transaction(0, 0.5, True)] * 10, 2)
        self.assertEqual((speed.per_second, speed.p99, speed.given_up), (0, 0.5, 10))


STATUS = {
    "bar": "none",
    "levers": [{"lever": "feature", "target": "class/batch", "value": {"admit": 0.0}},
               {"lever": "planner_profile", "target": "profile/contention",
                "value": {"melodyud_batch/jit": "off"}}],
    "stale_sessions": {"melodyud_batch": 10},
    "samples": [{"signal": "pg_blocked_ratio", "quality": "whole", "numerator": 28,
                 "denominator": 32}],
    "verdicts": [{"policy": supervisor.POLICY, "state": "open", "rung": 2, "rungs": 3,
                  "evidence": [{"signal": "pg_blocked_ratio", "judged": 0.79, "cusum": 0.4}]}],
    "policies": [{"name": supervisor.POLICY, "open": {"arms": [
        {"signal": "pg_blocked_ratio", "test": {"ref": 0.2, "trip": 1}}]}}],
}


class DisplayTest(unittest.TestCase):
    def row(self, status):
        out = io.StringIO()
        display.Display(out).row(21.0, "storm", supervisor.View(status),
                                 workload.Latency(80, 1.2, 220, 300))
        return out.getvalue()

    def test_a_row_shows_signal_threshold_state_rung_and_listeners(self):
        text = self.row(STATUS)
        for part in ("28/32", "0.79 (0.20)", "0.40/1", "open", "2/3", "batch 0%", "80 tx/s",
                     "1200 ms", "220 gave up"):
            self.assertIn(part, text)

    def test_the_planner_profile_is_told_apart_from_what_is_shed(self):
        self.assertEqual(supervisor.View(STATUS).profile(), (True, 10))
        self.assertEqual(supervisor.View(STATUS).shed(), {"batch": 0.0})

    def test_a_row_before_the_first_verdict_can_be_shown(self):
        empty = {"bar": "none", "levers": [], "stale_sessions": {}, "samples": [], "verdicts": [],
                 "policies": []}
        text = self.row(empty)
        self.assertIn("absent", text)
        self.assertIn("everything", text)


def consumer_line(at, window_ms, latency_us=5000):
    return {"at": STORM + at, "events": int(at * 10), "messages": int(at * 10), "batches": at,
            "rows": at * 5, "window_ms": window_ms, "latencies_us": [[latency_us, 10]]}


def good_events():
    """The rate steps up 50 s after the storm began; the window follows with the second act."""
    return events.Facts(
        step=STORM + 50, made={"delivered": 900, "failed": 0}, applied=900,
        consumed=[consumer_line(at, 5.0 if at < 52 else 2.0 if at < 55 else 0.5)
                  for at in range(1, 80)],
        lags=[(STORM + at, 5000 if 50 <= at < 53 else 20) for at in range(80)],
        acts=[(STORM + 20, 5.0), (STORM + 51, 2.0), (STORM + 54, 0.5)], exit_status=0)


class EventsTest(unittest.TestCase):
    def failures(self, **changes):
        return dataclasses.replace(good_events(), **changes).failures()

    def fails_with(self, text, **changes):
        found = self.failures(**changes)
        self.assertTrue(any(text in line for line in found), found)

    def text(self, **changes):
        return "\n".join(dataclasses.replace(good_events(), **changes).lines())

    def test_a_pipeline_that_kept_up_has_no_failures(self):
        self.assertEqual(self.failures(), [])
        self.assertEqual(summary.Summary(dataclasses.replace(
            good_facts(), events=good_events())).failures(), [])

    def test_evaluations_count_from_the_step_to_the_window_of_the_new_rate(self):
        self.assertEqual(good_events().evaluations(), 2)
        self.assertIn("5 ms to 0.5 ms, obeyed 5.00 s after the step: evaluation 2", self.text())

    def test_more_than_two_evaluations_that_saw_only_the_new_rate_fail(self):
        acts = [(STORM + 51, 3.0), (STORM + 52, 2.0), (STORM + 53, 0.55), (STORM + 54, 0.5)]
        self.assertEqual(self.failures(acts=acts), [])
        self.fails_with("followed the rate in 4 evaluations",
                        acts=[(STORM + 50.5, 4.0), *acts])

    def test_a_window_that_moved_without_an_act_did_not_follow(self):
        self.fails_with("did not follow", acts=[(STORM + 20, 5.0)])
        self.fails_with("did not follow", consumed=[consumer_line(at, 5.0) for at in range(1, 80)])

    def test_without_the_lever_the_signals_are_shown_and_nothing_is_asked(self):
        self.assertEqual(self.failures(acts=None), [])
        self.assertIn("there is no lever", self.text(acts=None))

    def test_lag_is_bounded_from_the_last_time_it_was_not(self):
        self.assertIn("at most 5000 events after the step", self.text())
        self.assertIn("again 2.0 s after it", self.text())
        self.assertIn("never above", self.text(lags=[(STORM + 60, 20)]))
        self.fails_with("did not return", lags=[(STORM + 60, 20), (STORM + 79, 5000)])
        self.fails_with("never knew", lags=[])

    def test_events_that_are_lost_fail(self):
        self.fails_with("never reached Kafka", made={"delivered": 900, "failed": 3})
        self.fails_with("900 events are in Kafka, and 899", applied=899)
        self.fails_with("status 1", exit_status=1)

    def test_a_reading_is_what_homeostat_knows(self):
        def sample(signal, quality, numerator=0):
            return {"signal": signal, "subject": "group/play-counts", "quality": quality,
                    "numerator": numerator, "denominator": 1}

        now = events.reading({"samples": [
            sample("kafka_consumer_lag_events", "absent"),
            sample("kafka_arrival_events_per_second", "whole", 200)]})
        self.assertEqual((now.lag, now.per_second), (None, 200))
        self.assertIsNone(events.reading({"samples": []}).lag)

    def test_a_row_shows_the_pipeline_beside_the_listeners(self):
        self.assertIn("2000    353    100 ms",
                      display.Display._events(events.Reading(353, 2000), 100.0))
        self.assertIn("–", display.Display._events(events.Reading(None, None), None))
        self.assertEqual(display.Display._events(None, None), "")


if __name__ == "__main__":
    unittest.main()
