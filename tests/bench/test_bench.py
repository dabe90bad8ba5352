#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves what the benchmarks make of their figures, and that the programs still run. Starts no
server and asserts nothing about how fast anything is.

Usage: test_bench.py REPOSITORY PROGRAMS HOMEOSTAT
"""
import collections
import os
import subprocess
import sys
import tempfile
import time
import types
import unittest

HOMEOSTAT = sys.argv.pop()
PROGRAMS = sys.argv.pop()
DECIDE_BENCH = os.path.join(PROGRAMS, "decide_bench")
METRICS_BENCH = os.path.join(PROGRAMS, "metrics_bench")
PLANNER_BENCH = os.path.join(PROGRAMS, "planner_bench")
SIMULATE_BENCH = os.path.join(PROGRAMS, "simulate_bench")
REPO = sys.argv.pop()
sys.path.insert(0, os.path.join(REPO, "tests/bench"))

import batch  # noqa: E402
import bench  # noqa: E402
import crossing  # noqa: E402
import detect  # noqa: E402
import ground  # noqa: E402
import lag  # noqa: E402
import lock_probe  # noqa: E402
import pipeline  # noqa: E402
import planner  # noqa: E402
import processes  # noqa: E402
import rebalance  # noqa: E402
import shard_probe  # noqa: E402
import supervisor  # noqa: E402
import table  # noqa: E402
from spread import Spread, ratios, show, spread  # noqa: E402


class SpreadTest(unittest.TestCase):
    def test_median_and_quartiles_of_five(self):
        self.assertEqual(spread([5, 1, 4, 2, 3]), Spread(3, 2, 4, 5))

    def test_one_value_is_its_own_spread_and_none_has_none(self):
        self.assertEqual(spread([7]), Spread(7, 7, 7, 1))
        self.assertIsNone(spread([]))
        self.assertIsNone(spread([None]))

    def test_what_was_not_taken_does_not_count(self):
        self.assertEqual(spread([None, 1, 3]).count, 2)

    def test_ratios_are_formed_round_by_round(self):
        # The medians are 2 and 4, and yet every round's ratio is 1.
        self.assertEqual(ratios([1, 2, 40], [1, 2, 40]), [1, 1, 1])
        self.assertEqual(ratios([1, None, 3], [0, 2, 2]), [None, None, 1.5])

    def test_rounds_that_do_not_match_are_refused(self):
        with self.assertRaises(ValueError):
            ratios([1, 2], [1])

    def test_it_is_shown_as_median_and_quartiles(self):
        self.assertEqual(show(Spread(3, 2, 4, 5), str), "3 [2 – 4]")
        self.assertEqual(show(None, str), "–")


class LagTest(unittest.TestCase):
    def test_readings_are_averaged_column_by_column_and_microseconds_become_seconds(self):
        self.assertEqual(lag.means("1000000 10 2\n3000000 30 4\n"), (2.0, 20e-6, 3e-6))


class ShardProbeTest(unittest.TestCase):
    def test_latency_is_pgbenchs_mean_and_nothing_else(self):
        self.assertAlmostEqual(shard_probe.latency(
            "pgbench (15.20)\nlatency average = 27.950 ms\ninitial connection time = 9.1 ms\n"), 0.02795)
        with self.assertRaises(processes.DemoError):
            shard_probe.latency("pgbench: error\n")

    def test_both_peers_ask_for_what_the_probe_asks(self):
        scripts = shard_probe.scripts()
        self.assertIn("shard_size", scripts[shard_probe.VIEW])
        self.assertIn("pg_stat_get_live_tuples", scripts[shard_probe.COMMAND])
        for text in scripts.values():  # one statement on one line
            self.assertEqual((text.count("\n"), text.count(";")), (1, 1))
            self.assertNotIn("--", text)  # the rest of the line would be a comment

    def test_what_the_servers_use_anyway_is_no_part_of_a_question(self):
        self.assertAlmostEqual(shard_probe.of_each(used=1.0, quiet=0.25, took=2.0, times=10), 0.05)


class TableTest(unittest.TestCase):
    def text(self, *rows):
        made = table.Table()
        made.add("title", rows)
        return "\n".join(made.lines())

    def test_a_row_shows_ratio_spread_figures_and_peer(self):
        row = table.Row("case", [0.001, 0.002, 0.003], [0.01, 0.01, 0.01], "peer", table.duration)
        self.assertIn("case  0.200 [0.150 – 0.250]  2 ms ÷ 10 ms (peer)", self.text(row))

    def test_an_unpaired_row_is_the_ratio_of_the_medians(self):
        row = table.Row("case", [1, 2, 9], [4, 40, 1], "peer", str, paired=False)
        self.assertIn("case  0.500  2.0 ÷ 4.0 (peer)", self.text(row))

    def test_what_a_ratio_cannot_say_follows_its_figures(self):
        row = table.Row("case", [1], [2], "peer", str, also="and so on")
        self.assertIn("1.0 ÷ 2.0 (peer); and so on", self.text(row))

    def test_what_was_skipped_is_named_with_its_reason(self):
        made = table.Table()
        made.skip("crossing", "prometheus is not installed")
        self.assertIn("skipped: crossing: prometheus is not installed", list(made.lines()))

    def test_durations_have_a_unit_that_suits_them(self):
        self.assertEqual([table.duration(s) for s in (3.9e-7, 0.0042, 1.25)],
                         ["0.39 µs", "4.2 ms", "1.25 s"])


class GroundTest(unittest.TestCase):
    def test_a_metric_is_read_with_its_labels(self):
        text = '# HELP a b\na 3\na_total{x="1"} 4.5\na_total{x="2"} 1e+06\nab 9\n'
        self.assertEqual(ground.metric(text, "a"), {"": 3})
        self.assertEqual(ground.metric(text, "a_total"), {'{x="1"}': 4.5, '{x="2"}': 1e6})

    def test_the_cpu_clock_of_another_process_stands_still_while_it_sleeps(self):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        try:
            before = ground.cpu_seconds(child.pid)
            while time.process_time() < before + 0.05:  # we work, it does not
                pass
            self.assertLess(ground.cpu_seconds(child.pid) - before, 0.05)
        finally:
            child.communicate()

    def test_a_child_that_was_waited_for_is_in_the_reaped_time(self):
        before = ground.reaped_cpu_seconds(os.getpid())
        busy = "import time\nwhile time.process_time() < 0.2: pass"
        subprocess.run([sys.executable, "-c", busy], check=True)
        self.assertGreater(ground.reaped_cpu_seconds(os.getpid()), before + 0.1)

    def test_children_are_known_until_they_are_waited_for(self):
        child = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
        self.assertIn(child.pid, ground.children(os.getpid()))
        child.communicate()
        self.assertNotIn(child.pid, ground.children(os.getpid()))


class LockProbeTest(unittest.TestCase):
    def test_cpu_of_a_session_that_came_meanwhile_counts_whole(self):
        self.assertEqual(lock_probe.used({1: 2.0}, {1: 2.5, 2: 0.25}), 0.75)


def consumed(at, events, **more):
    """A line of play_consumer's: 2 batches and 30 rows for each 100 events, busy half the time."""
    return {"at": at, "events": events, "batches": events // 50, "rows": events * 0.3,
            "busy_seconds": at / 2, "peak_backlog": 7, "latencies_us": [[1000, 98], [9000, 2]],
            **more}


class BatchTest(unittest.TestCase):
    def test_events_made_lie_between_the_producers_lines(self):
        lines = [{"at": 10.0, "made": 0}, {"at": 11.0, "made": 100}, {"at": 12.0, "made": 300}]
        self.assertEqual(batch.made_by(lines, 10.5), 50)
        self.assertEqual(batch.made_by(lines, 11.5), 200)
        self.assertEqual(batch.made_by(lines, 99), 300)

    def test_a_phase_is_what_grew_between_its_first_and_its_last_line(self):
        lines = [consumed(9.0, 0), consumed(10.0, 100), consumed(11.0, 200), consumed(12.0, 300)]
        produced = [{"at": 9.0, "made": 0}, {"at": 12.0, "made": 330}]
        phase = batch.phase_of(100, lines, produced, 10.0, 12.0)
        self.assertEqual((phase.done, phase.commits, phase.busy), (100, 2, 0.5))
        self.assertAlmostEqual(phase.rows, 0.3)
        self.assertEqual((phase.p50, phase.p99), (0.001, 0.009))
        self.assertEqual(phase.peak, 30)  # made, and not in PostgreSQL; more than the consumer knew

    def test_phases_follow_the_warm_up(self):
        began, made, lines = 100.0, [{"at": 100.0, "made": 0}], []
        for second in range(1, 70):
            made.append({"at": began + second, "made": second})
            lines.append(consumed(began + second, second))
        found = batch.phases_of(lines, made)
        self.assertEqual([phase.rate for phase in found], [rate for rate, _ in batch.PHASES])

    def test_a_consumer_that_said_nothing_is_no_figure(self):
        with self.assertRaises(ground.DemoError):
            batch.phase_of(100, [consumed(1.0, 5)], [{"at": 0.0, "made": 0}], 5.0, 9.0)

    def test_quantiles_are_of_all_lines_together(self):
        lines = [{"latencies_us": [[1000, 50]]}, {"latencies_us": [[1000, 49], [2_000_000, 1]]}]
        self.assertEqual(pipeline.latency_quantile(lines, 0.99), 0.001)
        self.assertEqual(pipeline.latency_quantile(lines, 1), 2)
        self.assertIsNone(pipeline.latency_quantile([], 0.5))

    def test_lines_that_are_not_whole_or_no_json_wait_or_are_passed_over(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            lines = pipeline.Lines(path)
            self.assertIsNone(lines.last())
            with open(path, "w") as log:
                log.write('a complaint\n{"made": 1}\n{"ma')
                log.flush()
                self.assertEqual(lines.last(), {"made": 1})
                log.write('de": 2}\n')
                log.flush()
                self.assertEqual(lines.read(), [{"made": 1}, {"made": 2}])


class DecideBenchTest(unittest.TestCase):
    def test_it_prints_one_figure_a_step_for_every_shape_and_load(self):
        for shape in ("one", "many"):
            for load in ("calm", "storm"):
                done = subprocess.run([DECIDE_BENCH, shape, "5", "4", load], check=True, text=True,
                                      capture_output=True)
                figures = [float(line) for line in done.stdout.splitlines()]
                self.assertEqual(len(figures), 4)
                self.assertGreater(min(figures), 0)

    def test_arguments_that_make_no_sense_are_refused(self):
        for wrong in ([], ["some", "5", "4", "calm"], ["one", "0", "4", "calm"],
                      ["one", "5", "x", "calm"], ["one", "5", "4", "windy"]):
            done = subprocess.run([DECIDE_BENCH, *wrong], capture_output=True, check=False)
            self.assertEqual(done.returncode, 2, wrong)


class MetricsBenchTest(unittest.TestCase):
    def test_it_prints_one_figure_a_time_and_leaves_every_subject_in_the_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "metrics")
            done = subprocess.run([METRICS_BENCH, "7", "3", path], check=True, text=True,
                                  capture_output=True)
            self.assertEqual(len(done.stdout.splitlines()), 3)
            with open(path) as file:
                text = file.read()
        self.assertEqual(len(ground.metric(text, "homeostat_pg_blocked_ratio")), 7)
        self.assertEqual(len(ground.metric(text, "homeostat_policy_state")), 3 * 7)

    def test_arguments_that_make_no_sense_are_refused(self):
        for wrong in ([], ["0", "3", "file"], ["7", "x", "file"]):
            done = subprocess.run([METRICS_BENCH, *wrong], capture_output=True, check=False)
            self.assertEqual(done.returncode, 2, wrong)


class SimulateBenchTest(unittest.TestCase):
    def test_it_prints_one_figure_a_run(self):
        done = subprocess.run([SIMULATE_BENCH, "2", "1", "3"], text=True, capture_output=True,
                              check=True)
        self.assertEqual(len(done.stdout.splitlines()), 3)
        self.assertTrue(all(float(line) > 0 for line in done.stdout.splitlines()))

    def test_arguments_that_make_no_sense_are_refused(self):
        for wrong in ([], ["0", "1", "1"], ["1", "x", "1"]):
            done = subprocess.run([SIMULATE_BENCH, *wrong], capture_output=True, check=False)
            self.assertEqual(done.returncode, 2, wrong)


class PlannerBenchTest(unittest.TestCase):
    def plan(self, *arguments):
        return subprocess.run([PLANNER_BENCH, *arguments], text=True, capture_output=True,
                              check=False)

    def test_every_planner_prints_a_line_a_seed_and_ours_is_even(self):
        for who in (planner.OURS, *planner.PEERS):
            found = planner.parse(self.plan(who, "32", "4", "0.5", "1", "0", "0", "2").stdout)
            self.assertEqual(len(found), 2)
            self.assertTrue(all(one.seconds > 0 and not one.proven for one in found))
            if who == planner.OURS:
                self.assertTrue(all(one.even and one.moved >= one.least for one in found))

    def test_a_layout_that_no_plan_can_mend_is_known_as_one(self):
        one, = planner.parse(self.plan("ours", "32", "32", "0.5", "1", "0", "0", "1").stdout)
        self.assertEqual((one.even, one.proven), (False, True))

    def test_a_row_for_each_planner_says_what_the_ratio_cannot(self):
        text = "1 0.09 3 2e11 1e11 5000 0\n0 0.2 5 3e11 2e11 9000 0\n"
        found = {who: planner.parse(text) for who in (planner.OURS, *planner.PEERS)}
        rows = planner.rows_of("few", found)
        self.assertEqual([row.case for row in rows],
                         ["few: ours", "few: Citus, default", "few: Citus, tight"])
        self.assertEqual((rows[0].ours, rows[0].beside), ([0.2, 0.3], [0.1, 0.2]))
        self.assertEqual(rows[0].also, "within 10 %: 50% of seeds; worst 2.00; 4 moves; 7 ms,"
                                       " longest 9 ms")

    def test_arguments_that_make_no_sense_are_refused(self):
        for wrong in ([], ["best", "32", "4", "0.5", "1", "0", "0", "2"],
                      ["ours", "32", "4", "0.5", "1", "4", "0", "2"]):
            self.assertEqual(self.plan(*wrong).returncode, 2, wrong)


class RebalanceTest(unittest.TestCase):
    def test_moves_are_read_from_the_tasks_of_a_job_and_nothing_else_is_taken_for_one(self):
        task = "SELECT pg_catalog.citus_move_shard_placement({},1,2,'auto')"
        self.assertEqual(rebalance.moved_shards([task.format(102008), task.format(7)]), [102008, 7])
        with self.assertRaises(ground.DemoError):
            rebalance.moved_shards(["VACUUM"])

    def test_evenness_is_of_counts(self):
        self.assertEqual(rebalance.variation([1, 3]), 0.5)
        self.assertEqual(rebalance.deviation([90, 100, 140]), 3 / 11)

    def test_a_row_for_each_figure_beside_each_of_citus_strategies(self):
        arm = rebalance.Arm(4, 2e6, 20.0, 0.4, 0.05, 0.09, 1.0, 3.0, {"rows": 0})
        worse = rebalance.Arm(8, 8e6, 80.0, 0.4, 0.1, 0.2, 2.0, 6.0, {"rows": -1, "updates": 0})
        rows = rebalance.rows_of({rebalance.OURS: [arm], rebalance.DEFAULT: [worse],
                                  rebalance.TIGHT: [worse]})
        self.assertEqual([row.ours[0] / row.beside[0] for row in rows[:5]],
                         [0.25, 0.25, 0.5, 0.5, 0.5])
        self.assertEqual(len(rows), 10)
        self.assertEqual(rows[0].also, "4 and 8 moves")
        self.assertEqual(rows[2].also, "0.400 before; worst node off by 9.0% and 20.0%")
        self.assertEqual(rows[3].also, "lost or doubled: 0 and 1")
        self.assertEqual((arm.lost_or_doubled(), worse.lost_or_doubled()), ("0", "-1 rows"))


class DetectTest(unittest.TestCase):
    def policies(self, share, incidents=2):
        return {"report": {"policies": {"breaker": {"protected_share": share,
                                                    "incidents": incidents}}}}

    def test_a_row_for_each_rule_that_was_tried_on_the_same_incidents(self):
        sets = [{"set": "recommended", **self.policies(0.9)}, {"set": "naive", **self.policies(0.6)},
                {"set": "source", "report": {"policies": {}}}]
        row, = detect.rows_of({"scenarios": [{"scenario": "storm", "sets": sets}]})
        self.assertEqual((row.case, row.ours, row.beside), ("storm: breaker", [0.9], [0.6]))
        self.assertEqual(row.peer, detect.PEERS["naive"])

    def test_without_incidents_there_is_nothing_to_protect(self):
        sets = [{"set": name, **self.policies(1, incidents=0)} for name in ("recommended", "naive")]
        self.assertEqual(detect.rows_of({"scenarios": [{"scenario": "calm", "sets": sets}]}), [])

    def test_the_rules_are_where_it_looks_for_them(self):
        for path in detect.RULES.values():
            self.assertTrue(os.path.isdir(os.path.join(REPO, path)), path)


class CrossingTest(unittest.TestCase):
    def test_its_configuration_and_policy_are_ones_that_homeostat_takes(self):
        with tempfile.TemporaryDirectory() as folder:
            password = os.path.join(folder, "password")
            os.close(os.open(password, os.O_CREAT | os.O_WRONLY, 0o600))
            server = types.SimpleNamespace(
                sockets=folder, password_files=collections.defaultdict(lambda: password))
            how = crossing.configuration(folder, os.path.join(folder, "samples"))
            daemon = supervisor.Supervisor(HOMEOSTAT, folder, server, **how)
            daemon.configure()
            done = subprocess.run([HOMEOSTAT, "check", daemon.config], text=True,
                                  capture_output=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class CommandTest(unittest.TestCase):
    def test_every_benchmark_says_what_it_measures_and_can_be_chosen(self):
        for name, module in bench.BENCHMARKS.items():
            self.assertEqual(bench.parse(["--only", name]).only, [name])
            self.assertIn("÷", module.TITLE)

    def test_five_rounds_unless_told_otherwise(self):
        self.assertEqual(bench.parse([]).rounds, 5)


if __name__ == "__main__":
    unittest.main()
