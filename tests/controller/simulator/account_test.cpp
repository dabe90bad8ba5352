// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/account.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/loop/supervisor_bench.hpp"

namespace homeostat {
namespace {

using testing::two_rung_breaker;

/// A breaker's verdicts, one after another.
class Story {
 public:
  explicit Story(int speed_up = 1) : account(two_rung_breaker(), speed_up) {}

  /// `ratio` is what the verdict judged by; the next one comes `after` it.
  Story& then(Step step, int rung, double ratio, Duration after) {
    Verdict verdict;
    verdict.policy = policy;
    verdict.step = step;
    verdict.rung = rung;
    verdict.trips = trips;
    Evidence evidence;
    evidence.signal = "pg_blocked_ratio";
    evidence.judged = ratio;
    verdict.evidence = {evidence};
    account.add(verdict, wall);
    wall += after;
    return *this;
  }
  Figures figures() const { return account.figures().at({policy, Subject{}}); }

  Account account;
  std::string policy = "circuit-breaker";
  int trips = 1;
  WallTime wall{std::chrono::seconds{1'700'000'000}};
};

}  // namespace

TEST_CASE("account: an episode is one opening, its climbs, its breach and the time degraded") {
  Story story;
  story.then(Step::idle, 0, 0.1, std::chrono::seconds{30})
      .then(Step::opened, 1, 0.8, std::chrono::seconds{30})
      .then(Step::climbed, 2, 0.8, std::chrono::seconds{30})
      .then(Step::holding, 2, 0.1, std::chrono::seconds{60})
      .then(Step::restored, 1, 0.1, std::chrono::seconds{30})
      .then(Step::closed, 0, 0.1, std::chrono::seconds{30})
      .then(Step::idle, 0, 0.1, std::chrono::seconds{30});
  const auto figures = story.figures();
  CHECK(figures.openings == 1);
  CHECK(figures.climbs == 1);
  CHECK(figures.flaps == 0);
  CHECK(figures.false_trips == 0);
  CHECK(figures.in_breach == std::chrono::seconds{60});
  CHECK(figures.degraded == std::chrono::seconds{150});
  REQUIRE(story.account.actions().size() == 4);
  CHECK(story.account.actions().front().step == Step::opened);
  CHECK(story.account.actions().back().step == Step::closed);
}

TEST_CASE("account: the action is the rung that was taken, not the highest that stands") {
  Account account(two_rung_breaker(), 1);
  Verdict verdict;
  verdict.step = Step::climbed;
  verdict.rung = 2;
  verdict.took = 1;
  account.add(verdict, WallTime{std::chrono::seconds{5}});
  REQUIRE(account.actions().size() == 1);
  CHECK(account.actions().front().rung == 1);
  CHECK_FALSE(account.actions().front().harmful);
}

TEST_CASE("account: what is given back for harm is an action, other outcomes are none") {
  Account account(two_rung_breaker(), 1);
  Effect effect;
  effect.policy = "circuit-breaker";
  effect.rung = 2;
  for (const auto outcome : {EffectOutcome::effective, EffectOutcome::ineffective,
                             EffectOutcome::inconclusive, EffectOutcome::shared}) {
    effect.outcome = outcome;
    account.add(effect, WallTime{std::chrono::seconds{5}});
  }
  CHECK(account.actions().empty());
  effect.outcome = EffectOutcome::harmful;
  account.add(effect, WallTime{std::chrono::seconds{6}});
  const Action given_back{WallTime{std::chrono::seconds{6}},
                          "circuit-breaker",
                          Subject{},
                          Mode::enforce,
                          Step::restored,
                          2,
                          true};
  CHECK(account.actions() == std::vector{given_back});
}

TEST_CASE("account: an opening about nothing is a false trip") {
  Story story;
  story.then(Step::opened, 1, 0.8, std::chrono::seconds{29})
      .then(Step::holding, 1, 0.1, std::chrono::seconds{60})
      .then(Step::closed, 0, 0.1, std::chrono::seconds{30});
  CHECK(story.figures().false_trips == 1);
}

TEST_CASE("account: a recording on a faster clock has a shorter shortest breach") {
  Story story(10);
  story.then(Step::opened, 1, 0.8, std::chrono::seconds{4})
      .then(Step::holding, 1, 0.1, std::chrono::seconds{6})
      .then(Step::closed, 0, 0.1, std::chrono::seconds{3});
  CHECK(story.figures().false_trips == 0);
}

TEST_CASE("account: re-openings and openings too soon after a close are flaps") {
  Story story;
  story.then(Step::opened, 1, 0.8, std::chrono::seconds{60})
      .then(Step::restored, 1, 0.1, std::chrono::seconds{30})
      .then(Step::reopened, 1, 0.8, std::chrono::seconds{60})
      .then(Step::closed, 0, 0.1, std::chrono::seconds{30});
  CHECK(story.figures().flaps == 1);
  story.trips = 2;
  story.then(Step::opened, 1, 0.8, std::chrono::seconds{60});
  CHECK(story.figures().flaps == 2);
  CHECK(story.figures().openings == 2);
}

TEST_CASE("account: a wall clock that is set back counts no time") {
  Story story;
  story.then(Step::opened, 1, 0.8, -std::chrono::seconds{3600})
      .then(Step::holding, 1, 0.8, std::chrono::seconds{10});
  story.then(Step::holding, 1, 0.8, std::chrono::seconds{1});
  CHECK(story.figures().in_breach == std::chrono::seconds{10});
}

TEST_CASE("account: without the thresholds that were judged by, no breach is known") {
  Story story;
  if (GENERATE(true, false)) {
    story.policy = "gone";
  } else {
    story.account.forget_thresholds(story.policy);
  }
  story.then(Step::opened, 1, 0.8, std::chrono::seconds{60})
      .then(Step::closed, 0, 0.1, std::chrono::seconds{1});
  CHECK_FALSE(story.figures().in_breach.has_value());
  CHECK_FALSE(story.figures().false_trips.has_value());
  CHECK(story.figures().openings == 1);
}

TEST_CASE("account: a move of a regulator is an action, and says where to") {
  Account account({}, 1);
  Verdict verdict;
  verdict.kind = PolicyKind::regulator;
  verdict.step = Step::adjusted;
  verdict.value = 0.05;
  account.add(verdict, WallTime{});
  REQUIRE(account.actions().size() == 1);
  CHECK(account.actions().front().value == 0.05);
}

TEST_CASE("account: what a job did are actions, its start an opening, and nothing is degraded") {
  Account account({}, 1);
  Verdict verdict;
  verdict.kind = PolicyKind::job;
  WallTime wall{std::chrono::seconds{1000}};
  const auto then = [&](Step step, int rung) {
    verdict.step = step;
    verdict.rung = rung;
    account.add(verdict, wall);
    wall += std::chrono::seconds{30};
  };
  then(Step::started, 1);
  then(Step::holding, 1);
  then(Step::stopped, 0);
  then(Step::resumed, 1);
  then(Step::finished, 0);
  then(Step::started, 1);
  then(Step::failed, 0);
  CHECK(account.actions().size() == 6);
  const auto& figures = account.figures().begin()->second;
  CHECK(figures.openings == 2);
  CHECK(figures.degraded == Duration{});
}

}  // namespace homeostat
