// SPDX-License-Identifier: Apache-2.0
#include "tests/support/test_vocabulary.hpp"

#include <string>

namespace homeostat::test {
namespace {

SignalDescription signal(SignalShape shape, SubjectKind about, const std::string& unit,
                         bool provided) {
  SignalDescription description;
  description.traits.shape = shape;
  description.about = about;
  description.unit = unit;
  description.help = "a signal for tests";
  description.provided = provided;
  return description;
}

LeverDescription feature() {
  ArgumentDescription admit;
  admit.name = "admit";
  admit.type = ArgumentType::share;
  admit.help = "Share of keys that are let in.";
  LeverDescription lever;
  lever.arguments = {admit};
  lever.targets = {"class/batch",
                   "class/non_critical",
                   "class/rebuildable",
                   "feature/monthly_report",
                   "feature/recommendations",
                   "feature/top_tracks_view"};
  lever.help = "Share of requests that a feature or class of features lets in.";
  return lever;
}

/// One profile is declared, as in most inventories.
LeverDescription planner_profile() {
  LeverValue contention;
  contention.arguments["reporting/jit"] = std::string("off");
  LeverDescription lever;
  lever.targets = {"profile/contention", "profile/undeclared"};
  lever.declared = {{"profile/contention", contention}};
  lever.traits.settles_last = true;
  lever.help = "Settings of roles.";
  return lever;
}

ArgumentDescription argument(const std::string& name, ArgumentType type) {
  ArgumentDescription description;
  description.name = name;
  description.type = type;
  description.help = "an argument for tests";
  return description;
}

LeverDescription batch_window_lever() {
  LeverDescription lever;
  lever.arguments = {argument("window", ArgumentType::duration),
                     argument("drain_limit", ArgumentType::number)};
  lever.targets = {"group/play-counts"};
  lever.regulated = {"window", ArgumentType::duration, "seconds", 0, 1, false, "How long to wait."};
  lever.help = "How long a consumer waits for a batch.";
  return lever;
}

LeverDescription admission() {
  LeverDescription lever;
  lever.arguments = {argument("concurrency", ArgumentType::number),
                     argument("queue_limit", ArgumentType::duration)};
  lever.targets = {"node/main"};
  lever.regulated = {"concurrency", ArgumentType::number,     "transactions", 1, 10'000,
                     true,          "Transactions at a time."};
  lever.help = "How many transactions are let in at a time.";
  return lever;
}

/// Without targets, as where no Citus is.
LeverDescription rebalance() {
  LeverDescription lever;
  lever.traits.isolates = true;
  lever.traits.runs_job = true;
  lever.traits.moves_bytes = true;
  lever.arguments = {argument("deviation", ArgumentType::share),
                     argument("weight", ArgumentType::text)};
  lever.arguments[1].required = false;
  lever.inventory = "postgres.citus";
  lever.help = "Moves shards until the nodes are even.";
  return lever;
}

/// Without targets, as where no zones are.
LeverDescription zone() {
  LeverDescription lever;
  lever.traits.isolates = true;
  lever.traits.shuts_out = true;
  lever.arguments = {argument("admit", ArgumentType::share)};
  lever.arguments[0].required = false;
  lever.arguments[0].fallback = "0%";
  lever.inventory = "zones";
  lever.help = "Turns transactions of a zone away.";
  return lever;
}

}  // namespace

Vocabulary regulated_vocabulary() {
  constexpr auto kGroup = SubjectKind::group;
  auto result = vocabulary();
  auto& signals = result.signals;
  signals["kafka_arrival_events_per_second"] =
      signal(SignalShape::gauge, kGroup, "events per second", true);
  signals["kafka_efficient_batch_events"] = signal(SignalShape::gauge, kGroup, "events", true);
  signals["kafka_consumer_lag_events"] = signal(SignalShape::gauge, kGroup, "events", false);
  signals["kafka_consumer_lag_seconds"] = signal(SignalShape::gauge, kGroup, "seconds", false);
  signals["citus_node_max_deviation"] =
      signal(SignalShape::gauge, SubjectKind::cluster, "ratio", false);
  result.levers["rebalance"] = rebalance();
  result.levers["batch_window"] = batch_window_lever();
  result.levers["admission"] = admission();
  result.levers["zone"] = zone();
  result.subjects[kGroup] = {Subject{kGroup, "play-counts"}};
  return result;
}

Vocabulary kafka_vocabulary() {
  auto result = regulated_vocabulary();
  result.signals["kafka_consumer_lag_events"].provided = true;
  result.signals["kafka_consumer_lag_seconds"].provided = true;
  return result;
}

Vocabulary job_vocabulary() {
  auto result = vocabulary();
  result.signals["citus_node_cv"].provided = true;
  result.signals["citus_node_max_deviation"] =
      signal(SignalShape::gauge, SubjectKind::cluster, "ratio", false);
  result.levers["rebalance"] = rebalance();
  result.levers["rebalance"].targets = {"cluster"};
  return result;
}

Vocabulary vocabulary() {
  constexpr auto kNode = SubjectKind::node;
  constexpr auto kGauge = SignalShape::gauge;
  constexpr auto kCounter = SignalShape::counter;
  Vocabulary result;
  auto& signals = result.signals;
  signals["pg_blocked_ratio"] = signal(SignalShape::ratio, kNode, "ratio", true);
  signals["pg_row_blocked_ratio"] = signal(SignalShape::ratio, kNode, "ratio", true);
  signals["pg_open_transactions"] = signal(kGauge, kNode, "transactions", true);
  signals["pg_lock_wait_max_seconds"] = signal(kGauge, kNode, "seconds", true);
  signals["pg_lock_wait_p95_seconds"] = signal(kGauge, kNode, "seconds", true);
  signals["pg_waiters_over_500ms"] = signal(kGauge, kNode, "sessions", true);
  signals["pg_deadlocks_total"] = signal(kCounter, kNode, "events", true);
  signals["probe_up"] = signal(kGauge, kNode, "boolean", true);
  signals["admission_queue_age_seconds"] = signal(kGauge, SubjectKind::zone, "seconds", false);
  signals["citus_node_cv"] = signal(kGauge, SubjectKind::cluster, "ratio", false);
  result.levers["feature"] = feature();
  result.levers["planner_profile"] = planner_profile();
  result.subjects[SubjectKind::cluster] = {Subject{}};
  result.subjects[kNode] = {Subject{kNode, "main"}};
  return result;
}

}  // namespace homeostat::test
