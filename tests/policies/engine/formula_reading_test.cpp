// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/formula_reading.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/policies/engine/regulators.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// a / b, of signals.
Formula quotient() { return formula("a / b", {"a", "b"}); }

/// `half` is quotient() * 0.5; the whole adds a.
Formula nested() {
  Formula half = formula("q * 0.5", {"q"});
  half.inputs = {{"q", "", {quotient()}}};
  Formula whole = formula("half + a", {"half", "a"});
  whole.inputs = {{"a", "a", {}}, {"half", "", {half}}};
  return whole;
}

FormulaReading read(const World& world, const Formula& formula) {
  return read_formula(world.set, world.snapshot, formula, {}, world.now);
}

}  // namespace

TEST_CASE("formula reading: records are computed first, and each name is told once") {
  World world({});
  put_signal(world, "a", 6);
  put_signal(world, "b", 2);
  const auto reading = read(world, nested());
  CHECK(reading.value == 7.5);
  CHECK(reading.signals == 2);
  CHECK(reading.known == 2);
  REQUIRE(reading.evidence.size() == 4);
  CHECK(reading.evidence[0].signal == "a");
  CHECK(reading.evidence[1].signal == "b");
  CHECK(reading.evidence[2].signal == "q");
  CHECK(reading.evidence[2].numerator == 3);
  CHECK(reading.evidence[3].signal == "half");
}

TEST_CASE("formula reading: any absent input makes it unknown, and all that are missing are told") {
  World world({});
  put_signal(world, "a", 6);
  world.put_absent("b");
  const auto reading = read(world, nested());
  CHECK_FALSE(reading.value);
  CHECK(reading.reason == AbsentReason::timeout);
  CHECK(reading.signals == 2);
  CHECK(reading.known == 1);
  const auto record = read_record(world.set, world.snapshot, nested(), {}, world.now);
  CHECK(record.quality == Quality::absent);
  CHECK(record.reason == AbsentReason::timeout);
}

TEST_CASE("formula reading: an old sample is absent (S5)") {
  World world({});
  put_signal(world, "a", 6);
  put_signal(world, "b", 2);
  world.now += seconds(11);
  CHECK_FALSE(read(world, quotient()).value);
  CHECK(read(world, quotient()).reason == AbsentReason::stale);
}

TEST_CASE("formula reading: 0/0 is no number, and an infinite record is none to a condition") {
  World world({});
  put_signal(world, "a", 0);
  put_signal(world, "b", 0);
  CHECK_FALSE(read(world, quotient()).value);
  CHECK(read(world, quotient()).reason == AbsentReason::not_a_number);
  put_signal(world, "a", 1);
  CHECK(std::isinf(read(world, quotient()).value.value()));
  const auto record = read_record(world.set, world.snapshot, quotient(), {}, world.now);
  CHECK(record.quality == Quality::absent);
  CHECK(record.reason == AbsentReason::not_a_number);
}

TEST_CASE("formula reading: an idle ratio counts as 0") {
  World world({});
  idle(world);
  const auto reading = read(world, formula("pg_blocked_ratio + 1", {"pg_blocked_ratio"}));
  CHECK(reading.value == 1);
  CHECK(reading.known == 1);
}

TEST_CASE("formula reading: another server behind any input is told (H4)") {
  World world({});
  put_signal(world, "a", 1);
  put_signal(world, "b", 1);
  CHECK_FALSE(server_changed(world.snapshot, nested(), {}));
  world.put_another_server("b");
  CHECK(server_changed(world.snapshot, nested(), {}));
}

TEST_CASE("formula reading: a breaker's condition may judge a record") {
  auto policy = quick_breaker();
  policy.open.arms[0].signal = "excess";
  policy.open.arms[0].record = {quotient()};
  World world({policy});
  put_signal(world, "a", 1);
  put_signal(world, "b", 10);
  CHECK(world.tick().verdicts.front().step == Step::idle);
  put_signal(world, "a", 8);
  put_signal(world, "b", 10);
  CHECK(world.tick().verdicts.front().step == Step::opened);
  CHECK(latest(world).evidence.front().signal == "excess");
  CHECK(latest(world).evidence.front().judged == 0.8);
}
