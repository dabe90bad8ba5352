// SPDX-License-Identifier: Apache-2.0
#include "tests/policies/loader/examples.hpp"

#include "tests/policies/loader/loading.hpp"

namespace homeostat::test {
namespace {

Example good(const std::string& name, const std::string& text) { return {name, text, true, true}; }
Example bad(const std::string& name, const std::string& text) { return {name, text, false, false}; }
/// Wrong in a way that a schema cannot say.
Example bad_sense(const std::string& name, const std::string& text) {
  return {name, text, false, true};
}

std::vector<Example> good_policies() {
  return {
      good("a small breaker", breaker()),
      good("a small alert", alert()),
      good("an alert that is clear for a time",
           replaced(alert(), "above: 5", "above: 5, clear_for: 5m")),
      good("every key of a breaker",
           breaker("mode: off\n"
                   "description: why\n"
                   "every: 1m\n"
                   "for_each: node\n"
                   "select: {name: main}\n"
                   "blocked_while: []\n"
                   "climb_after: 45s\n"
                   "hold: {first: 1m, factor: 1.5, max: 1h30m}\n"
                   "bench: {first: 5m, factor: 3, max: 1d, tries: 2}\n"
                   "restore: {steps: [0.1, 50%, 1], each: 20s}\n"
                   "expect: {signal: pg_lock_wait_max_seconds, below: 1, within: 3m}\n"
                   "limits: {per_hour: 3, max_subjects: 0.5}\n"
                   "priority: -7\n"
                   "alert: {severity: page, labels: {team: db}, annotations: {hint: look}, "
                   "runbook: \"https://example.org/locks\"}\n")),
      good("a canary with steps of its own",
           breaker("mode: canary\n"
                   "canary: {steps: [{share: 2%, for: 1h}], min_acts: 5, most_failed: 0%}\n")),
      good("a trend, and an absence without a clear level",
           replaced(breaker(),
                    "{signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.15}",
                    "{any: [{signal: pg_open_transactions, trend: {rises: 100, over: 5m}, for: 5m, "
                    "clear_below: 1000}, {signal: pg_open_transactions, absent_for: 5m}]}")),
      good("all of two",
           replaced(alert(), "{signal: pg_lock_wait_max_seconds, above: 5}",
                    "{all: [{signal: probe_up, below: 0.5, for: 90s, clear_above: 0.9}, {signal: "
                    "pg_lock_wait_max_seconds, above: 5, smooth: 10s, agg: max}]}")),
  };
}

std::vector<Example> bad_policies() {
  return {
      bad("an unknown key", breaker("colour: red\n")),
      bad("a kind to come", replaced(breaker(), "kind: breaker", "kind: job")),
      bad_sense("half in canary", breaker("canary: {steps: [{share: 50%, for: 1h}]}\n")),
      bad_sense("a canary that shrinks",
                breaker("canary: {steps: [{share: 10%, for: 1h}, {share: 5%, for: 1h}]}\n")),
      bad("a key to come", replaced(breaker(), "admit: 0%", "admit: 0%, scope: cluster")),
      bad("an escalation to a zone", breaker("escalate: {to: zone, at: 50%}\n")),
      bad("an escalation without its share", breaker("escalate: {to: node}\n")),
      bad_sense("an escalation of the whole cluster", breaker("escalate: {to: node, at: 50%}\n")),
      bad("no kind", replaced(breaker(), "kind: breaker\n", "")),
      bad("no ladder", replaced(breaker(),
                                "ladder: [{lever: feature, target: class/batch, admit: "
                                "0%}]\n",
                                "")),
      bad("an empty ladder",
          replaced(breaker(), "[{lever: feature, target: class/batch, admit: 0%}]", "[]")),
      bad("a ladder in an alert",
          alert("ladder: [{lever: feature, target: class/batch, admit: 0}]\n")),
      bad("an alert that waits for others", alert("blocked_while: []\n")),
      bad("an unknown signal", replaced(breaker(), "pg_blocked_ratio", "pg_bloked_ratio")),
      bad("an unknown target", replaced(breaker(), "class/batch", "class/bach")),
      bad("an unknown lever", replaced(breaker(), "lever: feature", "lever: flag")),
      bad("a missing argument", replaced(breaker(), ", admit: 0%", "")),
      bad("a share beyond 1", replaced(breaker(), "admit: 0%", "admit: 1.5")),
      bad("a percentage beyond 100", replaced(breaker(), "admit: 0%", "admit: 130%")),
      bad("a negative percentage", replaced(breaker(), "admit: 0%", "admit: -5%")),
      bad("no clear level in a breaker", replaced(breaker(), ", clear_below: 0.15", "")),
      bad("two tests", replaced(breaker(), "cusum:", "above: 0.3, cusum:")),
      bad("a trend without its time", replaced(alert(), "above: 5", "trend: {rises: 1, over: 5m}")),
      bad("a trend without its window",
          replaced(alert(), "above: 5", "trend: {rises: 1}, for: 5m")),
      bad("an absence with a level",
          replaced(alert(), "above: 5", "absent_for: 5m, clear_below: 1")),
      bad("no test", replaced(alert(), ", above: 5", "")),
      bad("both for and for_samples",
          replaced(alert(), "above: 5", "above: 5, for: 1m, for_samples: 3")),
      bad("for beside cusum", replaced(breaker(), "clear_below", "for: 1m, clear_below")),
      bad("a clear level on no side", replaced(alert(), "above: 5", "above: 5, clear_above: 6")),
      bad("a cusum with ref 1", replaced(breaker(), "ref: 0.2", "ref: 1")),
      bad("a duration without its unit", breaker("every: 30\n")),
      bad("a negative duration", breaker("every: -30s\n")),
      bad("a name with capitals", replaced(breaker(), "policy: storm", "policy: Storm")),
      bad("text where a number belongs", breaker("priority: high\n")),
      bad("a number in quotes", breaker("priority: \"1\"\n")),
      bad("a number where text belongs", breaker("description: 5\n")),
      bad("a value that is missing", breaker("description:\n")),
      bad("another version", replaced(breaker(), "version: 1", "version: 2")),
      bad("two expectations",
          breaker("expect: {signal: probe_up, above: 1, falls_by: 5%, within: 1m}\n")),
      bad_sense("an inverted clear level", replaced(breaker(), "0.15", "0.25")),
      bad_sense("steps that fall", breaker("restore: {steps: [25%, 5%, 100%]}\n")),
      bad_sense("a cusum on a gauge",
                replaced(breaker(), "pg_blocked_ratio", "pg_lock_wait_max_seconds")),
  };
}

}  // namespace

std::vector<Example> policy_examples() {
  auto examples = good_policies();
  for (auto& example : bad_policies()) examples.push_back(std::move(example));
  return examples;
}

std::vector<Example> regulator_examples() {
  const std::string rate = "kafka_arrival_events_per_second";
  const auto formula = "min(0.1, n / " + rate + ")";
  return {
      good("a formula", batch_window()),
      good("AIMD over a record", back_pressure("alert: {severity: warning}\n")),
      good("a number for a formula", replaced(batch_window(), formula, "0.05")),
      good("a signal for a name",
           replaced(batch_window(), "{n: 1", "{n: kafka_efficient_batch_events")),
      good("a breaker over a record",
           replaced(breaker("record: {waiting: pg_waiters_over_500ms * 2}\n"),
                    "pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}", "waiting, above: 1")),
      bad("both a formula and AIMD", back_pressure("to: \"1\"\n")),
      bad("neither", replaced(batch_window(), "to: " + formula + "\n", "")),
      bad("no bounds",
          replaced(batch_window(), "bounds: {min: 0ms, max: 100ms, dead_band: 10%}", "")),
      bad("no end of the bounds", replaced(batch_window(), "min: 0ms, ", "")),
      bad("an argument that is computed",
          replaced(batch_window(), "drain_limit", "window: 1s, drain_limit")),
      bad("a lever that none can move",
          replaced(batch_window(), "lever: batch_window, drain_limit: 10000",
                   "lever: feature, target: class/batch")),
      bad("a ladder", batch_window("ladder: [{lever: feature, target: class/batch, admit: 0}]\n")),
      bad("an alert without a condition", batch_window("alert: {severity: page}\n")),
      bad("a cusum in AIMD",
          replaced(back_pressure(), "above: 1, for_samples: 2", "cusum: {ref: 0.5, trip: 1}")),
      bad("no clear level in AIMD", replaced(back_pressure(), ", clear_below: 0.5", "")),
      bad("an infinite bound", replaced(back_pressure(), "max: 400", "max: .inf")),
      bad("an unknown signal in AIMD, without records",
          replaced(replaced(back_pressure(), "signal: excess", "signal: excesss"),
                   "record: {excess: \"pg_waiters_over_500ms / max(3, 0.05 * "
                   "pg_open_transactions)\"}\n",
                   "")),
      bad_sense("an unknown record", replaced(back_pressure(), "signal: excess", "signal: exces")),
      bad_sense("a formula that is none", replaced(batch_window(), formula, "1 +")),
      bad_sense("bounds the wrong way round", replaced(batch_window(), "min: 0ms", "min: 200ms")),
      bad_sense("a number where a duration belongs", replaced(batch_window(), "0ms", "0")),
  };
}

std::vector<Example> job_examples() {
  const std::string windows =
      "windows: [{weekdays: [sunday], times: [{start_time: \"03:00\", end_time: \"07:00\"}], "
      "location: UTC}]\n";
  const std::string when = "when: {signal: citus_node_cv, above: 0.4}\n";
  const std::string early = "early: {signal: citus_node_cv, above: 0.3, for: 90s}\n";
  const auto without = [](const std::string& line) { return replaced(shard_balance(), line, ""); };
  return {
      good("a job", shard_balance()),
      good("every key of a job",
           replaced(shard_balance("deadline: 20m\n"
                                  "approval: required\n"
                                  "blocked_while: []\n"
                                  "expect: {signal: citus_node_cv, below: 0.1, within: 15m}\n"
                                  "limits: {per_hour: 2, max_subjects: 50%}\n"
                                  "priority: 3\n"
                                  "alert: {severity: warning}\n"),
                    "{time: 492s}", "{time: 492s, bytes: 49GB}")),
      good("a job without a condition", replaced(without(when), early, "")),
      good("a job at any time", replaced(without(windows), early, "")),
      good("a breaker beside jobs", breaker()),
      bad("neither windows nor a condition",
          replaced(replaced(without(windows), when, ""), early, "")),
      bad("early without windows", without(windows)),
      bad("nothing to run", without("run: {lever: rebalance, deviation: 10%, weight: trigger}\n")),
      bad("a lever that runs no job",
          replaced(shard_balance(), "lever: rebalance, deviation: 10%, weight: trigger",
                   "lever: feature, target: class/batch, admit: 0%")),
      bad("a rung that runs a job",
          replaced(breaker(), "lever: feature, target: class/batch, admit: 0%",
                   "lever: rebalance, deviation: 10%")),
      bad("an argument that is missing", replaced(shard_balance(), "deviation: 10%, ", "")),
      bad("an empty budget", replaced(shard_balance(), "{time: 492s}", "{}")),
      bad_sense("a budget of nothing", replaced(shard_balance(), "{time: 492s}", "{bytes: 0B}")),
      bad("no windows at all", replaced(shard_balance(), windows, "windows: []\n")),
      bad("an unknown day", replaced(shard_balance(), "sunday", "sonntag")),
      bad("an approval that is neither", shard_balance("approval: maybe\n")),
      bad("a ladder", shard_balance("ladder: [{lever: feature, target: class/batch, admit: 0}]\n")),
      bad("a limit for rungs", replaced(shard_balance(), "above: 0.4", "above: 0.4, max_rung: 1")),
      bad_sense("an hour that ends before it begins",
                replaced(shard_balance(), "end_time: \"07:00\"", "end_time: \"02:00\"")),
      bad_sense("a place without a time zone",
                replaced(shard_balance(), "location: UTC", "location: Atlantis")),
      bad_sense("a job that nothing would end",
                replaced(shard_balance(), "{time: 492s}", "{bytes: 40GB}")),
      bad_sense("a deadline within the budget", shard_balance("deadline: 5m\n")),
  };
}

std::vector<Example> config_examples() {
  return {
      good("a small configuration", small_config()),
      good("only injected samples", "version: 1\npolicies: []\ninjected: {path: samples.txt}\n"),
      good(
          "every key of a configuration",
          replaced(
              small_config(), "{name: main, host: db1, dbname: melodyud}",
              "{name: main, host: /run/postgresql, port: 5433, dbname: melodyud, user: eye, "
              "sslmode: disable}\n  ledger: {node: main, user: hand}\n  partitions: {node: main, "
              "table: public.plays}") +
              "mode_ceiling: enforce\n"
              "tick: 30s\n"
              "sampling: {every: 1s, fold: 5s, stale_after: 10s}\n"
              "speed_up: 10\n"
              "kafka: {bootstrap: [\"127.0.0.1:9092\"], groups: [play-counts], "
              "control_topic: windows}\n"
              "injected: {path: samples.txt}\n"
              "alertmanager: {urls: [\"http://127.0.0.1:9093\"]}\n"
              "http: {listen: \"127.0.0.1:9780\"}\n"
              "journal: {path: journal.db, keep: 14d, max_size: 100MB}\n"
              "on_exit: keep\n"
              "show_queries: true\n"
              "log: {format: json, level: debug}\n"
              "inventory:\n"
              "  features: [{name: recommendations, class: non_critical}]\n"
              "  profiles:\n"
              "    contention: {roles: [reporting], settings: {jit: \"off\", lock_timeout: 2s, "
              "max_parallel_workers: 4, random_page_cost: 1.5}}\n"
              "  sessions: {batch: {roles: [reporting], idle_for: 1m, limit: 2}}\n"
              "  zones: [{name: main, node: main, pgbouncer: [{name: front, host: pb1, port: 6433, "
              "user: boss, sslmode: disable, database: shop}], counters: [{name: plays, slots: 64, "
              "slots_at_rest: 2, below: 400, hold: 5m}]}]\n"),
      good("zones by themselves",
           "version: 1\npolicies: []\npostgres:\n  nodes: [{name: main, host: a, dbname: x}, "
           "{name: worker, host: b, dbname: x}]\n  citus: {coordinator: main}\n"
           "inventory: {zones: auto, zones_per_node: 4}\n"),
      bad("an unknown section", small_config("postgress: {}\n")),
      bad("a control topic that is no name",
          small_config("kafka: {bootstrap: [\"127.0.0.1:9092\"], groups: [a], control_topic: "
                       "\"a b\"}\n")),
      bad("Kafka without groups", small_config("kafka: {bootstrap: [\"127.0.0.1:9092\"]}\n")),
      bad("an inventory to come", small_config("inventory: {views: auto}\n")),
      bad("zones that are no list", small_config("inventory: {zones: all}\n")),
      bad("too many zones of a node",
          small_config("inventory: {zones: auto, zones_per_node: 65}\n")),
      bad_sense("zones by themselves without Citus", small_config("inventory: {zones: auto}\n")),
      bad("a PgBouncer that is nowhere",
          small_config("inventory: {zones: [{name: main, node: main, pgbouncer: [{name: a}]}]}\n")),
      bad("a counter of one row",
          small_config(
              "inventory: {zones: [{name: main, node: main, counters: [{name: a, slots: 1}]}]}\n")),
      bad("a zone without a node", small_config("inventory: {zones: [{name: main}]}\n")),
      bad("a profile without settings", small_config("inventory: {profiles: {calm: {roles: [a], "
                                                     "settings: {}}}}\n")),
      bad("a setting that no profile may have",
          small_config("inventory: {profiles: {calm: {roles: [a], settings: {work_mem: 1GB}}}}\n")),
      bad("a setting beyond its ceiling",
          small_config("inventory: {profiles: {calm: {roles: [a], settings: {max_parallel_workers: "
                       "9}}}}\n")),
      bad("a profile's name that is none",
          small_config("inventory: {profiles: {\"a b\": {roles: [a], settings: {jit: on}}}}\n")),
      bad("sessions of nobody", small_config("inventory: {sessions: {batch: {idle_for: 30s}}}\n")),
      bad_sense("sessions that are ended too soon",
                small_config("inventory: {sessions: {batch: {roles: [a], idle_for: 4s}}}\n")),
      bad("sessions without a limit to speak of",
          small_config("inventory: {sessions: {batch: {roles: [a], limit: 21}}}\n")),
      bad("nothing to watch", "version: 1\npolicies: []\n"),
      bad("no version", replaced(small_config(), "version: 1\n", "")),
      bad("no host", replaced(small_config(), "host: db1, ", "")),
      bad("a speed of 0", small_config("speed_up: 0\n")),
      bad("a yes that is no boolean", small_config("show_queries: \"yes\"\n")),
      bad("a size without its unit", small_config("journal: {max_size: 100000000}\n")),
      bad("an address that is none", small_config("alertmanager: {urls: [localhost]}\n")),
      bad("an unknown sslmode", replaced(small_config(), "host: db1", "host: db1, sslmode: full")),
      bad_sense("not loopback", small_config("http: {listen: \"0.0.0.0:9780\"}\n")),
      bad_sense("a ledger nowhere", small_config("  ledger: {node: other}\n")),
  };
}

}  // namespace homeostat::test
