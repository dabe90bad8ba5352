// SPDX-License-Identifier: Apache-2.0
// `record`: named formulas, in conditions and in each other.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Catch::Matchers::Contains;
using Texts = std::vector<std::string>;

namespace {

/// A breaker over a record `waiting`; `records` is what stands beside it in line 6.
std::string over_record(const std::string& records = "waiting: pg_waiters_over_500ms * 2") {
  return replaced(breaker("record: {" + records + "}\n"),
                  "pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.15",
                  "waiting, above: 1, clear_below: 0.5");
}

}  // namespace

TEST_CASE("a breaker's condition may judge a record") {
  const auto policy = load_one(over_record());
  REQUIRE(policy.open.arms.size() == 1);
  CHECK(policy.open.arms[0].signal == "waiting");
  REQUIRE(policy.open.arms[0].record.size() == 1);
  CHECK(policy.open.arms[0].record[0].text == "pg_waiters_over_500ms * 2");
}

TEST_CASE("records may use each other, in any order, and the program is shared") {
  const auto policy = load_one(over_record("waiting: half + 1, half: pg_waiters_over_500ms / 2"));
  const auto& record = policy.open.arms[0].record.at(0);
  REQUIRE(record.inputs.size() == 1);
  REQUIRE(record.inputs[0].record.size() == 1);
  CHECK(record.inputs[0].record[0].text == "pg_waiters_over_500ms / 2");
  const auto copy = policy;
  CHECK(copy.open.arms[0].record[0].program == record.program);
}

TEST_CASE("a record has no readings that are kept: it has no trend") {
  const auto errors = errors_of(replaced(over_record(), "waiting, above: 1, clear_below: 0.5",
                                         "waiting, trend: {rises: 5, over: 5m}, for: 1m, "
                                         "clear_below: 0.5"));
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors.front(), Contains("`waiting` is a record; expected `above` or `below`"));
}

TEST_CASE("records that go in a circle are refused by its names") {
  CHECK(errors_of(over_record("waiting: b + 1, b: c, c: b * 2")) ==
        Texts{"6:26: `record` goes in a circle: b -> c -> b"});
  CHECK(errors_of(over_record("waiting: waiting + 1")) ==
        Texts{"6:10: `record` goes in a circle: waiting -> waiting"});
}

TEST_CASE("records nested without end are refused") {
  std::string records = "waiting: r9, r0: pg_waiters_over_500ms";
  for (int i = 1; i < 10; ++i) {
    records += ", r" + std::to_string(i) + ": r" + std::to_string(i - 1) + " + 1";
  }
  const auto errors = errors_of(over_record(records));
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors.front(), Contains("nested more than 8 records deep"));
}

TEST_CASE("a record's mistakes have their place within its text") {
  CHECK(errors_of(over_record("waiting: 2 * pg_waiters_over_50ms")) ==
        Texts{"6:23: in the formula: unknown name `pg_waiters_over_50ms`; did you mean "
              "`pg_waiters_over_500ms`?"});
  CHECK(errors_of(over_record("waiting: \"1, 2\"")) ==
        Texts{"6:21: in the formula: several values; expected one formula without commas"});
}

TEST_CASE("a record's name is no signal, no function, and in lower case") {
  CHECK(errors_of(over_record("waiting: 1 * probe_up, probe_up: 2")) ==
        Texts{"6:33: `probe_up` is a signal; expected another name"});
  CHECK(errors_of(over_record("waiting: 1 * probe_up, sqrt: 2")) ==
        Texts{"6:33: `sqrt` is a function of formulas; expected another name"});
  CHECK_THAT(errors_of(over_record("waiting: 1 * probe_up, Big: 2")).front(),
             Contains("cannot be a name in `record`"));
}

TEST_CASE("a record is a gauge: no cusum, no `agg`, no `expect`") {
  CHECK_THAT(errors_of(replaced(over_record(), "above: 1", "cusum: {ref: 0.6, trip: 1}")).front(),
             Contains("`cusum` is for ratios"));
  CHECK(errors_of(replaced(over_record(), "above: 1", "agg: max, above: 1")) ==
        Texts{"4:30: `agg` does not go with a record: it is one value already"});
  CHECK_THAT(errors_of(over_record() + "expect: {signal: waiting, below: 1, within: 1m}\n").front(),
             Contains("is a record"));
}

TEST_CASE("a name that is no record of this very policy is unknown") {
  const auto load =
      load_texts({over_record(), replaced(alert(), "pg_lock_wait_max_seconds", "waiting")});
  REQUIRE(load.errors.size() == 1);
  CHECK_THAT(texts_of(load.errors).front(), Contains("`signal` is `waiting`, which is not known"));
}
