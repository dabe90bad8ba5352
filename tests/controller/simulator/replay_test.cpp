// SPDX-License-Identifier: Apache-2.0
// What the supervisor journaled, decided anew.
#include "controller/simulator/replay.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>

#include "policies/model/codec.hpp"
#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using std::chrono::minutes;
using testing::Bench;
using testing::two_rung_breaker;

std::string text(const std::vector<Verdict>& verdicts, const std::vector<Effect>& effects) {
  std::string all;
  for (const auto& verdict : verdicts) all += to_json(verdict).dump() + "\n";
  for (const auto& effect : effects) all += to_json(effect).dump() + "\n";
  return all;
}

/// The steps that came out otherwise, in words; empty when all are the same, byte for byte.
std::string differences(const std::vector<JournalStep>& steps, PolicySet policies) {
  Replay replay(std::move(policies));
  std::string found;
  bool begins = true;
  for (const auto& step : steps) {
    const auto decision = replay.step(step, begins);
    begins = false;
    const auto replayed = decision ? text(decision->verdicts, decision->effects) : std::string();
    if (replayed != text(step.verdicts, step.effects)) found += replayed;
  }
  return found;
}

PolicySet with_promise() {
  auto policies = two_rung_breaker();
  Expectation expect;
  expect.signal = "pg_blocked_ratio";
  expect.amount = 0.2;
  expect.within = minutes{3};
  policies.policies.front().expect = expect;
  return policies;
}

std::size_t verdicts_in(const std::vector<JournalStep>& steps) {
  std::size_t count = 0;
  for (const auto& step : steps) count += step.verdicts.size();
  return count;
}

}  // namespace

TEST_CASE("replay: hours of storms, gaps and pauses come out the same, byte for byte") {
  Bench bench;
  bench.start(with_promise(), {&bench.lever});
  std::mt19937 random{20261126};
  const auto some = [&](int most) { return std::uniform_int_distribution<int>{1, most}(random); };
  for (int i = 0; i < 60; ++i) {
    const int open = some(40);
    bench.probe.open = open;
    bench.probe.blocked = some(open);
    bench.probe.failure.reset();
    if (some(6) == 1) bench.calm();
    if (some(9) == 1) bench.probe.failure = Error{ErrorCode::timeout, "no answer", {}};
    if (some(9) == 1) bench.clock.advance(std::chrono::seconds{some(60)});
    bench.ledger.failure.reset();
    if (some(12) == 1) bench.ledger.failure = Error{ErrorCode::unavailable, "gone", {}};
    bench.run_for(std::chrono::seconds{some(90)});
  }
  REQUIRE(verdicts_in(bench.journal.steps) > 200);
  REQUIRE_FALSE(bench.lever.changes.empty());
  CHECK(differences(bench.journal.steps, with_promise()).empty());
}

TEST_CASE("replay: what a successor took over from the ledger is in the journal") {
  Bench bench;
  PolicyMemory memory;
  memory.policy = "circuit-breaker";
  memory.policy_hash = two_rung_breaker().policies.front().hash;
  memory.state = BreakerState::open;
  memory.rung = 2;
  memory.hold = std::chrono::seconds{60};
  memory.trips = 1;
  memory.changed = bench.clock.now();
  memory.opened = bench.clock.now();
  bench.ledger.image.memories = {memory};
  bench.ledger.image.forward = {{"circuit-breaker", bench.clock.now()}};
  bench.run_for(minutes{4});
  REQUIRE(bench.journal.steps.front().basis->resumed->memories.size() == 1);
  CHECK(bench.journal.steps.front().verdicts.at(0).rung == 2);
  CHECK(differences(bench.journal.steps, two_rung_breaker()).empty());
}

TEST_CASE("replay: another start of the daemon begins anew") {
  Bench bench;
  bench.storm();
  bench.run_for(minutes{1});
  Replay replay(two_rung_breaker());
  for (const auto& step : bench.journal.steps) (void)replay.step(step, false);
  auto step = bench.journal.steps.front();
  const auto decision = replay.step(step, true);
  REQUIRE(decision.has_value());
  CHECK(decision->verdicts.at(0).rung == 0);
}

TEST_CASE("replay: what a daemon gives back at its end was not decided") {
  Bench bench;
  bench.storm();
  bench.run_for(minutes{1});
  bench.supervisor->request_stop();
  testing::run_coroutine(bench.io, bench.supervisor->run());
  REQUIRE_FALSE(bench.journal.steps.back().decided);
  REQUIRE_FALSE(bench.journal.steps.back().acts.empty());
  Replay replay(two_rung_breaker());
  CHECK_FALSE(replay.step(bench.journal.steps.back(), true).has_value());
  CHECK(differences(bench.journal.steps, two_rung_breaker()).empty());
}

TEST_CASE("replay: a reload to the same policies changes nothing") {
  Bench bench;
  bench.storm();
  bench.run_for(std::chrono::seconds{50});
  bench.supervisor->replace(Bench::settings(), two_rung_breaker());
  bench.run_for(minutes{1});
  const auto& steps = bench.journal.steps;
  const auto bases = std::count_if(steps.begin(), steps.end(),
                                   [](const JournalStep& step) { return step.basis.has_value(); });
  CHECK(bases == 2);
  CHECK(differences(steps, two_rung_breaker()).empty());
}

TEST_CASE("replay: a higher threshold comes to other verdicts") {
  Bench bench;
  bench.storm();
  bench.run_for(minutes{2});
  auto deaf = two_rung_breaker();
  std::get<CusumTest>(deaf.policies.front().open.arms.front().test).ref = 0.95;
  CHECK_FALSE(differences(bench.journal.steps, deaf).empty());
}

}  // namespace homeostat
