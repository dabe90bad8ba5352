// SPDX-License-Identifier: Apache-2.0
// Canary over subjects, driven through decide(): who takes part, and the group left alone.
#include <catch2/catch.hpp>
#include <set>

#include "policies/engine/canary_share.hpp"
#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

const char* const kZones = "zones";

Subject zone_of(int number) { return {SubjectKind::zone, std::to_string(number)}; }

/// Eight zones with a lever each, which shares no keys. It is to bring the gauge down by half.
Policy tried_on_subjects() {
  auto policy = quick_breaker(kZones);
  policy.mode = Mode::canary;
  policy.subjects.clear();
  for (int number = 1; number <= 8; ++number) policy.subjects.push_back(zone_of(number));
  Act act;
  act.lever = "feature";
  act.value.arguments["level"] = 1.0;
  policy.ladder = {act};
  policy.hold = {seconds(60), 1, seconds(60)};
  policy.expect = Expectation{kGauge, ExpectedMove::falls_by, 0.5, seconds(20)};
  policy.canary.steps = {{0.01, seconds(60)}, {0.3, seconds(60)}};
  policy.canary.min_acts = 1;
  return policy;
}

std::set<std::string> taking_part(const World& world) {
  std::set<std::string> names;
  for (const auto& verdict : world.last.verdicts) {
    if (verdict.acts()) names.insert(to_text(verdict.subject));
  }
  return names;
}

/// All breached: those acted on at `treated`, the others at `alone`.
void breached(World& world, double treated, double alone) {
  const auto part = taking_part(world);
  for (int number = 1; number <= 8; ++number) {
    world.put_gauge(part.contains(to_text(zone_of(number))) ? treated : alone, zone_of(number));
  }
}

/// One incident of 25 s in which the gauges go from 1 to these.
void incident(World& world, double treated, double alone) {
  world.run(2, [](World& w) { breached(w, 1, 1); });
  world.run(25, [=](World& w) { breached(w, treated, alone); });
}

}  // namespace

TEST_CASE("canary: of subjects at least one takes part, later ones beside it, and never all") {
  auto policy = tried_on_subjects();
  EngineState state;
  CanaryMemory memory;
  std::set<std::string> before;
  for (const int step : {0, 1}) {
    memory.step = step;
    state.canaries[kZones] = memory;
    const Share share(policy, state);
    std::set<std::string> part;
    for (const auto& subject : policy.subjects) {
      if (share.of(subject) > 0) part.insert(to_text(subject));
    }
    CHECK(part.size() == (step == 0 ? 1 : 3));
    for (const auto& name : before) CHECK(part.contains(name));
    before = part;
  }
  policy.canary.steps[1].share = 0.499;
  policy.subjects.resize(2);
  const Share half(policy, state);
  CHECK(half.of(zone_of(1)) + half.of(zone_of(2)) == 1);
}

TEST_CASE("canary: who takes part is written down, so that it is the same in every version") {
  EngineState state;
  state.canaries[kZones] = {};
  const auto policy = tried_on_subjects();
  const Share share(policy, state);
  std::vector<std::string> part;
  for (const auto& subject : policy.subjects) {
    if (share.of(subject) > 0) part.push_back(to_text(subject));
  }
  // FNV-1a of `zone/1` … `zone/8`: the lowest.
  CHECK(part == std::vector<std::string>{"zone/8"});
}

TEST_CASE("canary: only those that take part are acted on, the others decide in their minds") {
  auto policy = tried_on_subjects();
  policy.canary.min_acts = 10;
  World world({policy});
  incident(world, 1, 1);
  CHECK(world.last.desired.size() == 1);
  CHECK(world.last.would.size() == 7);
}

TEST_CASE("canary: better than those left alone is right, and goes on") {
  World world({tried_on_subjects()});
  incident(world, 0.3, 1);
  REQUIRE(world.effects.size() == 1);
  CHECK(*world.effects[0].control == Approx(0));
  CHECK(world.effects[0].outcome == EffectOutcome::effective);
  CHECK(world.state.canaries.at(kZones).passed == 1);
}

TEST_CASE("canary: what got better everywhere was not the act's doing") {
  World world({tried_on_subjects()});
  incident(world, 0.45, 0.45);
  REQUIRE(world.effects.size() == 1);
  CHECK(*world.effects[0].control == Approx(-0.55));
  CHECK(world.effects[0].outcome == EffectOutcome::ineffective);
  CHECK(world.state.canaries.at(kZones).demoted);
}

TEST_CASE("canary: one act that did harm is enough") {
  auto policy = tried_on_subjects();
  policy.canary.min_acts = 10;
  World world({policy});
  incident(world, 1, 0.45);
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].outcome == EffectOutcome::harmful);
  CHECK(world.state.canaries.at(kZones).demoted);
  world.run(1, [](World& w) { breached(w, 1, 1); });
  CHECK(world.last.desired.empty());
}

TEST_CASE("canary: what has no share, was acknowledged and did harm only watches again") {
  auto policy = tried_on_subjects();
  policy.mode = Mode::enforce;
  policy.subjects = {zone_of(1)};
  World world({policy});
  world.set.settings.changed_policies = ChangedPolicies::shadow;
  world.run(1, [](World& w) { w.put_gauge(0, zone_of(1)); });
  REQUIRE(world.state.canaries.at(kZones).demoted);
  world.snapshot.acks = {{policy_scope(kZones), world.now}};
  world.run(2, [](World& w) { w.put_gauge(0, zone_of(1)); });
  world.run(2, [](World& w) { w.put_gauge(1, zone_of(1)); });
  REQUIRE(world.last.desired.size() == 1);
  world.run(25, [](World& w) { w.put_gauge(2, zone_of(1)); });
  REQUIRE(world.effects.size() == 1);
  CHECK(world.effects[0].outcome == EffectOutcome::harmful);
  CHECK(world.state.canaries.at(kZones).demoted);
}

TEST_CASE("canary: those that only watch do not use up the subjects that may be open") {
  auto policy = tried_on_subjects();
  policy.limits.max_subjects = 0.1;  // one
  policy.canary.min_acts = 10;
  World world({policy});
  incident(world, 1, 1);
  CHECK(world.last.desired.size() == 1);
}

TEST_CASE("canary: what has nothing to take a share of, or to judge by, cannot be in it") {
  auto policy = tried_on_subjects();
  CHECK(can_canary(policy));
  SECTION("one subject") { policy.subjects.resize(1); }
  SECTION("no effect contract") { policy.expect.reset(); }
  SECTION("a whole node is acted on") { policy.escalate.emplace(); }
  SECTION("no breaker") { policy.kind = PolicyKind::regulator; }
  CHECK_FALSE(can_canary(policy));
}
