// SPDX-License-Identifier: Apache-2.0
// What `history` says.
#include "controller/cli/text/history_text.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/cli/text/history_json.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/cli/verdicts.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

TEST_CASE("history: lines come newest last, and repetitions are counted") {
  text::Past past;
  const auto at = [](int second) { return kWall + std::chrono::seconds{second}; };
  auto opened = quiet_verdict();
  opened.mode = Mode::enforce;
  opened.step = Step::opened;
  opened.rung = opened.took = 1;
  opened.evidence = {blocked_ratio(1.2, true)};
  auto blocked = opened;
  blocked.step = Step::blocked;
  blocked.gates = {{GateKind::policy_budget, -1, 0, 1, -1, false}};
  past.verdicts = {{at(40), opened}, {at(30), blocked}, {at(20), blocked}, {at(10), blocked}};
  RecordedAct act{at(40), {}};
  act.act.outcome = ChangeOutcome::applied;
  act.act.key = {"feature", "class/batch"};
  act.act.value.arguments["admit"] = 0.0;
  act.act.policy = "circuit-breaker";
  act.act.detail = "S 1.20";
  past.acts = {act};
  past.effects = {
      {at(220),
       {"circuit-breaker", Subject{}, "pg_blocked_ratio", ExpectedMove::falls_by, 0.2, 1,
        TimePoint{40s}, TimePoint{220s}, 0.8, 0.1, EffectOutcome::effective, EffectDoubt::none}}};
  const auto text = text::history(past, 50).text;
  CHECK(text ==
        "2026-01-01 12:00:15 UTC  circuit-breaker  cluster  blocked  Would act, for "
        "pg_blocked_ratio 3 of 40 = 0.075 (folded 0.0777; S 1.20; long mean 0.15), but may not: no "
        "forward act left to this policy in this budget window. (3 times until 2026-01-01 12:00:35 "
        "UTC)\n"
        "2026-01-01 12:00:45 UTC  circuit-breaker  cluster  opened   Opened and took rung 1 of 2: "
        "pg_blocked_ratio 3 of 40 = 0.075 (folded 0.0777; S 1.20; long mean 0.15).\n"
        "2026-01-01 12:00:45 UTC  circuit-breaker  cluster  apply    feature class/batch: admit 0 "
        "%, applied (S 1.20)\n"
        "2026-01-01 12:03:45 UTC  circuit-breaker  cluster  effect   rung 1: pg_blocked_ratio "
        "0.8 -> 0.1 in 3 min: effective (promised: falls by 20 %)\n");
  const auto [newest, left_out] = text::history(past, 1);
  CHECK(left_out == 3);
  CHECK_THAT(newest, Contains("effect"));
  CHECK_THAT(newest, !Contains("opened"));
}

TEST_CASE("history: what a policy in shadow decided does not read as done") {
  text::Past past;
  auto opened = quiet_verdict();
  opened.step = Step::opened;
  opened.mode = Mode::shadow;
  auto tells = opened;
  tells.kind = PolicyKind::alert;
  past.verdicts = {{kWall, opened}, {kWall - 1s, tells}};
  const auto text = text::history(past, 50).text;
  CHECK_THAT(text, Contains("cluster  opened (shadow)  Opened"));
  CHECK_THAT(text, Contains("cluster  opened           Opened"));
}

TEST_CASE("history: renewals of a lever are one line until something else is done to it") {
  text::Past past;
  const auto kinds = {ChangeKind::apply,  ChangeKind::renew, ChangeKind::renew,
                      ChangeKind::revert, ChangeKind::apply, ChangeKind::renew};
  int second = 0;
  for (const auto kind : kinds) {
    RecordedAct act{kWall + std::chrono::seconds{second++}, {}};
    act.act.kind = kind;
    act.act.outcome = ChangeOutcome::applied;
    act.act.key = {"feature", "class/batch"};
    act.act.value.arguments["admit"] = 0.0;
    past.acts.insert(past.acts.begin(), act);
  }
  const auto text = text::history(past, 50).text;
  CHECK(std::count(text.begin(), text.end(), '\n') == 5);
  CHECK_THAT(text, Contains("(2 times until 2026-01-01 12:00:07 UTC)"));
  CHECK_THAT(text, Contains("revert  feature class/batch, applied\n"));
}

TEST_CASE("history: an effect says how it was judged, and why nobody can say") {
  text::Past past;
  Effect effect{"p",
                Subject{},
                "pg_blocked_ratio",
                ExpectedMove::below,
                0.1,
                1,
                TimePoint{},
                TimePoint{60s},
                0.8,
                std::nullopt,
                EffectOutcome::inconclusive,
                EffectDoubt::unmeasured};
  past.effects = {{kWall, effect}};
  CHECK_THAT(text::history(past, 5).text,
             Contains("0.8 -> unknown in 1 min: inconclusive, it was not measured (promised: below "
                      "0.1)"));
  past.effects[0].effect.outcome = EffectOutcome::harmful;
  past.effects[0].effect.doubt = EffectDoubt::none;
  CHECK_THAT(text::history(past, 5).text, Contains("1 min: harmful (promised"));
  past.effects[0].effect.outcome = EffectOutcome::shared;
  CHECK_THAT(text::history(past, 5).text, Contains("shared with another act aimed at it"));
}

TEST_CASE("history: as JSON it is what the API has, oldest first") {
  text::Past past;
  past.verdicts = {{kWall, quiet_verdict()}, {kWall - 30s, quiet_verdict()}};
  const auto json = nlohmann::json::parse(text::history_json(past, 1));
  REQUIRE(json["decisions"].size() == 1);
  CHECK(json["decisions"][0]["wall_us"] == kWall.time_since_epoch().count());
  CHECK(json["decisions"][0]["verdict"] == to_json(quiet_verdict()));
  CHECK(json["acts"] == nlohmann::json::array());
  const auto both = nlohmann::json::parse(text::history_json(past, 5));
  CHECK(both["decisions"][0]["wall_us"] == (kWall - 30s).time_since_epoch().count());
}
