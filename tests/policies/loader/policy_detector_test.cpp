// SPDX-License-Identifier: Apache-2.0
// The tests `trend` and `absent_for` of a condition.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

namespace {

/// The small alert with another condition, which stands in line 4 from column 7 on.
std::string telling(const std::string& condition) {
  return replaced(alert(), "{signal: pg_lock_wait_max_seconds, above: 5}", condition);
}

/// As the policy language has it, word for word.
constexpr const char* kConsumerLag = R"(policy: consumer-lag
kind: alert
for_each: group
open:
  any:
    - {signal: kafka_consumer_lag_events, trend: {rises: 100, over: 5m}, for: 5m, clear_below: 1000}
    - {signal: kafka_consumer_lag_events, absent_for: 5m}
alert: {severity: warning}
)";

/// With a probe of consumer groups.
Vocabulary with_kafka() {
  auto known = vocabulary();
  SignalDescription lag;
  lag.about = SubjectKind::group;
  lag.provided = true;
  known.signals["kafka_consumer_lag_events"] = lag;
  known.subjects[SubjectKind::group] = {{SubjectKind::group, "play-counts"}};
  return known;
}

}  // namespace

TEST_CASE("the shipped consumer-lag is read as it is written") {
  const auto load = load_texts({std::string("version: 1\n") + kConsumerLag}, with_kafka());
  CHECK(texts_of(load.errors).empty());
  CHECK(load.notes.empty());
  REQUIRE(load.set.has_value());
  const auto& policy = load.set->policies.front();
  CHECK(policy.kind == PolicyKind::alert);
  CHECK(policy.subjects == std::vector<Subject>{{SubjectKind::group, "play-counts"}});
  CHECK(policy.open.combination == Combination::any);
  REQUIRE(policy.open.arms.size() == 2);
  const auto& rising = policy.open.arms[0];
  CHECK(rising.test == Test{TrendTest{100, 5min, 5min}});
  CHECK(rising.clear_level == 1000.0);
  const auto& gone = policy.open.arms[1];
  CHECK(gone.test == Test{AbsenceTest{5min}});
  CHECK_FALSE(gone.clear_level);
  CHECK(gone.clear_for == 60s);
}

TEST_CASE("a trend needs its rise, its window and how long it must last") {
  CHECK(errors_of(telling("{signal: pg_open_transactions, trend: {rises: 100}, for: 5m}")) ==
        Texts{"4:38: `over` is missing in `trend`; expected a duration from 10s up to 1d, such as "
              "500ms, 30s or 1h30m"});
  CHECK(errors_of(telling("{signal: pg_open_transactions, trend: {over: 5m}, for: 5m}")) ==
        Texts{"4:38: `rises` is missing in `trend`; expected a number above 0"});
  CHECK(errors_of(telling("{signal: pg_open_transactions, trend: {rises: 100, over: 5m}}")) ==
        Texts{"4:45: `trend` only goes with `for` in this condition"});
  CHECK(errors_of(telling("{signal: pg_open_transactions, trend: {rises: 0, over: 1s}, for: 5m}"))
            .size() == 2);
  CHECK(errors_of(telling("{signal: pg_open_transactions, trend: {rises: 9, over: 5m}, for: 5m, "
                          "for_samples: 2}"))
            .size() == 2);
}

TEST_CASE("a trend is for gauges and counters") {
  CHECK(errors_of(telling("{signal: pg_blocked_ratio, trend: {rises: 0.1, over: 5m}, for: 5m}")) ==
        Texts{"4:34: `trend` is for gauges and counters, and `pg_blocked_ratio` is a ratio; "
              "expected `cusum`, `above` or `below`"});
  CHECK(errors_of(telling("{signal: pg_deadlocks_total, trend: {rises: 5, over: 5m}, for: 1m}"))
            .empty());
}

TEST_CASE("the clear level of a trend is one of a gauge's value and of a counter's rise") {
  const auto gauge = [](const std::string& level) {
    return errors_of(
        breaker_opening("{signal: pg_open_transactions, trend: {rises: 100, over: 5m}, "
                        "for: 1m, clear_below: " +
                        level + "}"));
  };
  CHECK(gauge("1000").empty());
  CHECK(gauge("10").empty());
  const auto counter = [](const std::string& level) {
    return errors_of(
        breaker_opening("{signal: pg_deadlocks_total, trend: {rises: 5, over: 5m}, for: 1m, "
                        "clear_below: " +
                        level + "}"));
  };
  CHECK(counter("2").empty());
  CHECK(counter("5") ==
        Texts{"4:87: `clear_below` is 5, and `pg_deadlocks_total` is a counter, of which the rise "
              "is compared; expected more than 0 and less than `rises` of `trend` (5)"});
  CHECK(counter("0").size() == 1);
}

TEST_CASE("a breaker by a trend needs a clear level and one by an absence does not") {
  CHECK(errors_of(breaker_opening(
            "{signal: pg_open_transactions, trend: {rises: 9, over: 5m}, for: 1m}")) ==
        Texts{"4:1: expected one of `clear_below`, `clear_above` in this condition"});
  CHECK(errors_of(breaker_opening("{signal: pg_open_transactions, absent_for: 5m, max_rung: 1, "
                                  "max_open: 1h}"))
            .empty());
  CHECK(errors_of(
            breaker_opening("{signal: pg_open_transactions, absent_for: 5m, clear_below: 1}")) ==
        Texts{"4:67: `clear_below` only goes with `above`, `cusum`, `trend` in this condition"});
}

TEST_CASE("absence stands alone: nothing is compared") {
  for (const auto* const key : {"for: 1m", "for_samples: 2", "smooth: 5s", "above: 5"}) {
    INFO(key);
    CHECK(errors_of(
              telling("{signal: pg_open_transactions, absent_for: 5m, " + std::string(key) + "}"))
              .size() == 1);
  }
  CHECK(errors_of(telling("{signal: pg_open_transactions, absent_for: 0s}")).size() == 1);
}

TEST_CASE("an absence that can never be is refused") {
  CHECK(errors_of(telling("{signal: probe_up, absent_for: 5m}")) ==
        Texts{"4:26: `probe_up` is never absent; expected `below`"});
}

TEST_CASE("an absence of what no probe provides would last for ever and is dropped as any arm") {
  CHECK(errors_of(telling("{signal: citus_node_cv, absent_for: 5m}")) ==
        Texts{"4:16: no configured probe provides `citus_node_cv`, and no other condition of this "
              "policy is left"});
}
