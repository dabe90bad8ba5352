// SPDX-License-Identifier: Apache-2.0
// Rules of `open:`: one signal, one test, one sensible clear level.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

TEST_CASE("a breaker needs a clear level and an alert does not") {
  CHECK(errors_of(breaker_opening("{signal: pg_lock_wait_max_seconds, above: 5}")) ==
        Texts{"4:1: expected one of `clear_below`, `clear_above` in this condition"});
  CHECK(errors_of(alert()).empty());
}

TEST_CASE("an alert may ask for how long it must be clear without a clear level of its own") {
  CHECK(errors_of(replaced(alert(), "above: 5", "above: 5, clear_for: 5m")).empty());
  CHECK(load_one(replaced(alert(), "above: 5", "above: 5, clear_for: 5m"))
            .open.arms.front()
            .clear_for == std::chrono::minutes{5});
}

TEST_CASE("a clear level stands on the far side of its trip level") {
  CHECK(
      errors_of(breaker_opening("{signal: pg_lock_wait_max_seconds, above: 5, clear_below: 5}")) ==
      Texts{"4:65: `clear_below` is 5; expected less than `above` (5)"});
  CHECK(errors_of(breaker_opening("{signal: probe_up, below: 0.5, clear_above: 0.4}")) ==
        Texts{"4:51: `clear_above` is 0.4; expected more than `below` (0.5)"});
  CHECK(errors_of(breaker_opening(
            "{signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.2}")) ==
        Texts{"4:75: `clear_below` is 0.2; expected less than `ref` of `cusum` (0.2)"});
  CHECK(errors_of(breaker_opening("{signal: pg_lock_wait_max_seconds, above: 5, clear_below: 4.9}"))
            .empty());
}

TEST_CASE("a clear level that the prior of an idle system never reaches is refused") {
  const auto errors = errors_of(
      breaker_opening("{signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.08}"));
  CHECK(errors == Texts{"4:75: `clear_below` is 0.08; expected more than `prior` ratio (0.08), "
                        "which is what an idle system reads"});
}

TEST_CASE("a clear level belongs to its test") {
  CHECK(errors_of(breaker_opening("{signal: probe_up, below: 0.5, clear_below: 0.4}")) ==
        Texts{"4:51: `clear_below` only goes with `above`, `cusum`, `trend` in this condition"});
  CHECK(
      errors_of(breaker_opening("{signal: pg_lock_wait_max_seconds, above: 5, clear_above: 6}")) ==
      Texts{"4:65: `clear_above` only goes with `below` in this condition"});
}

TEST_CASE("a condition has exactly one test") {
  CHECK(errors_of(breaker_opening("{signal: probe_up, above: 2, below: 0.5, clear_above: 0.9}"))
            .size() == 1);
  CHECK(errors_of(breaker_opening("{signal: probe_up, clear_for: 1m}")).size() == 2);
}

TEST_CASE("for and for_samples exclude each other and belong to levels") {
  CHECK(errors_of(replaced(alert(), "above: 5", "above: 5, for: 1m, for_samples: 3")) ==
        Texts{"4:74: `for`, `for_samples` exclude each other in this condition; expected one of "
              "them"});
  for (const auto* const key : {"for: 1m", "for_samples: 2", "smooth: 5s"}) {
    INFO(key);
    CHECK(
        errors_of(replaced(breaker(), "clear_below", std::string(key) + ", clear_below")).size() ==
        1);
  }
}

TEST_CASE("cusum is for ratios") {
  CHECK(errors_of(replaced(breaker(), "pg_blocked_ratio", "pg_open_transactions")) ==
        Texts{"4:38: `cusum` is for ratios, and `pg_open_transactions` is a gauge; expected "
              "`above` or `below`"});
}

TEST_CASE("a level of a counter would never clear and is refused") {
  CHECK(errors_of(replaced(alert(), "pg_lock_wait_max_seconds", "pg_deadlocks_total")).size() == 1);
}

TEST_CASE("the level of a ratio lies between 0 and 1") {
  const auto level = [](const std::string& test) {
    return errors_of(
               replaced(alert(), "pg_lock_wait_max_seconds, above: 5", "pg_blocked_ratio, " + test))
        .size();
  };
  CHECK(level("above: 0.2") == 0);
  CHECK(level("above: 20") == 1);
  CHECK(level("above: 1") == 1);
  CHECK(level("below: 0") == 1);
  CHECK(level("below: 1") == 0);
}

TEST_CASE("no arm climbs higher than the ladder") {
  CHECK(errors_of(replaced(breaker(), "clear_below: 0.15", "clear_below: 0.15, max_rung: 1"))
            .empty());
  CHECK(errors_of(replaced(breaker(), "clear_below: 0.15", "clear_below: 0.15, max_rung: 2")) ==
        Texts{"4:91: `max_rung` is 2, but the ladder has only 1"});
}

TEST_CASE("an arm whose signal no configured probe provides is dropped with a note") {
  const auto load = load_texts({breaker_opening(
      "\n  any:\n"
      "    - {signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.15}\n"
      "    - {signal: citus_node_cv, above: 0.3, clear_below: 0.25}")});
  REQUIRE(load.set.has_value());
  REQUIRE(load.set->policies.front().open.arms.size() == 1);
  CHECK(load.set->policies.front().open.arms.front().signal == "pg_blocked_ratio");
  CHECK(texts_of(load.notes) == Texts{"1.yaml:7:16: policy `storm`: this condition is dropped: no "
                                      "configured probe provides `citus_node_cv`"});
}

TEST_CASE("a dropped arm is checked like the others") {
  CHECK(errors_of(breaker_opening("\n  any:\n"
                                  "    - {signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, "
                                  "clear_below: 0.15}\n"
                                  "    - {signal: citus_node_cv, above: 0.3, clear_below: 0.35}"))
            .size() == 1);
}

TEST_CASE("a policy whose only arms are not provided is refused") {
  CHECK(errors_of(breaker_opening("{signal: citus_node_cv, above: 0.3, clear_below: 0.25}")) ==
        Texts{"4:16: no configured probe provides `citus_node_cv`, and no other condition of this "
              "policy is left"});
  CHECK(errors_of(breaker_opening(
                      "{any: [{signal: citus_node_cv, above: 0.3, clear_below: 0.25}, {signal: "
                      "admission_queue_age_seconds, above: 0.4, clear_below: 0.2}]}"))
            .size() == 2);
}

TEST_CASE("no arm of an all is dropped, for the rest would trip more easily") {
  CHECK(
      errors_of(breaker_opening("\n  all:\n"
                                "    - {signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, "
                                "clear_below: 0.15}\n"
                                "    - {signal: citus_node_cv, above: 0.3, clear_below: 0.25}")) ==
      Texts{"7:16: no configured probe provides `citus_node_cv`, and `all` needs each of its "
            "conditions"});
}

TEST_CASE("any and all stand alone and are not empty") {
  CHECK(errors_of(breaker_opening("{any: []}")).size() == 1);
  CHECK(errors_of(
            breaker_opening("{any: [{signal: probe_up, below: 0.5, clear_above: 0.9}], all: []}"))
            .size() == 1);
}

TEST_CASE("a policy for each node takes signals of nodes only") {
  auto known = vocabulary();
  known.signals["citus_node_cv"].provided = true;
  const auto text = breaker_opening("{signal: citus_node_cv, above: 0.3, clear_below: 0.25}");
  CHECK(load_texts({text}, known).errors.empty());
  CHECK(
      texts_of(load_texts({text + "for_each: node\n"}, known).errors) ==
      Texts{"1.yaml:4:16: `citus_node_cv` is measured for each cluster, but `for_each` is `node`"});
}
