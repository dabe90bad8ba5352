// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/arbiter.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

Policy wanting(std::string name, std::vector<Act> ladder, int priority = 0) {
  Policy policy;
  policy.name = std::move(name);
  policy.ladder = std::move(ladder);
  policy.priority = priority;
  return policy;
}

PolicyRuntime at_rung(const Policy& policy, int rung, Subject subject = {}, int step = 0) {
  auto runtime = fresh_runtime(policy, subject);
  runtime.memory.state = BreakerState::open;
  runtime.memory.rung = rung;
  runtime.memory.restore_step = step;
  return runtime;
}

Act profile(double level) {
  Act act;
  act.lever = "planner_profile";
  act.target = "profile/x";
  act.value.arguments["level"] = level;
  return act;
}

double number(const DesiredLever& lever, const char* argument) {
  return std::get<double>(lever.value.arguments.at(argument));
}

}  // namespace

TEST_CASE("arbiter: every engaged rung is wanted, in order of key") {
  const auto policy = wanting("p", {shed("class/c"), shed("class/a"), shed("class/b")});
  Arbiter arbiter;
  arbiter.add(policy, at_rung(policy, 2), Subject{});
  const auto levers = std::move(arbiter).settled();
  REQUIRE(levers.size() == 2);
  CHECK(levers[0].key.target == "class/a");
  CHECK(levers[0].rung == 2);
  CHECK(levers[1].key.target == "class/c");
}

TEST_CASE("arbiter: the strictest admission wins, whatever the priority") {
  const auto mild = wanting("a", {shed("class/x", 0.5)}, 10);
  const auto strict = wanting("b", {shed("class/x", 0.1)});
  for (const bool mild_first : {true, false}) {
    Arbiter arbiter;
    if (mild_first) arbiter.add(mild, at_rung(mild, 1), Subject{});
    arbiter.add(strict, at_rung(strict, 1), Subject{});
    if (!mild_first) arbiter.add(mild, at_rung(mild, 1), Subject{});
    const auto levers = std::move(arbiter).settled();
    REQUIRE(levers.size() == 1);
    CHECK(levers[0].policy == "b");
  }
}

TEST_CASE("arbiter: without admissions the priority decides, then the name") {
  const auto low = wanting("a", {profile(1)});
  const auto high = wanting("b", {profile(2)}, 1);
  const auto late = wanting("c", {profile(3)});
  Arbiter by_priority;
  by_priority.add(low, at_rung(low, 1), Subject{});
  by_priority.add(high, at_rung(high, 1), Subject{});
  CHECK(std::move(by_priority).settled()[0].policy == "b");
  Arbiter by_name;
  by_name.add(late, at_rung(late, 1), Subject{});
  by_name.add(low, at_rung(low, 1), Subject{});
  CHECK(std::move(by_name).settled()[0].policy == "a");
}

TEST_CASE(
    "arbiter: within one policy the higher rung of one target counts, the stricter for shares") {
  const auto levels = wanting("p", {profile(1), profile(2)});
  Arbiter arbiter;
  arbiter.add(levels, at_rung(levels, 2), Subject{});
  CHECK(number(std::move(arbiter).settled()[0], "level") == 2);
  const auto shares = wanting("p", {shed("class/x", 0.2), shed("class/x", 0.6)});
  Arbiter strictest;
  strictest.add(shares, at_rung(shares, 2), Subject{});
  CHECK(number(std::move(strictest).settled()[0], "admit") == 0.2);
  const auto equal = wanting("p", {shed("class/x", 0.2), shed("class/x", 0.2)});
  Arbiter longest;  // the lower rung stays engaged longest
  longest.add(equal, at_rung(equal, 2), Subject{});
  CHECK(std::move(longest).settled()[0].rung == 1);
}

TEST_CASE("arbiter: an act without a target is about the subject") {
  const auto policy = wanting("p", {shed("")});
  Arbiter arbiter;
  arbiter.add(policy, at_rung(policy, 1, node("a")), node("a"));
  arbiter.add(policy, at_rung(policy, 1, node("b")), node("b"));
  const auto levers = std::move(arbiter).settled();
  REQUIRE(levers.size() == 2);
  CHECK(levers[0].key.target == "node/a");
}

TEST_CASE("arbiter: of two subjects on one target the one that is less far back counts") {
  const auto policy = wanting("p", {shed("class/x")});
  Arbiter arbiter;
  arbiter.add(policy, at_rung(policy, 1, node("a"), 2), node("a"));
  arbiter.add(policy, at_rung(policy, 1, node("b"), 1), node("b"));
  const auto levers = std::move(arbiter).settled();
  REQUIRE(levers.size() == 1);
  CHECK(number(levers[0], "admit") == 0.05);
  CHECK(levers[0].subject == node("b"));
}

TEST_CASE("arbiter: what shadow wants does not compete with what is enforced") {
  auto shadow = quick_breaker("shadow");
  shadow.mode = Mode::shadow;
  auto enforced = quick_breaker("zealous");
  enforced.ladder = {shed("class/batch", 0.5)};
  World world({shadow, enforced});
  world.put_gauge(1);
  world.tick();
  CHECK(world.admits("class/batch") == 0.5);
  REQUIRE(world.last.would.size() == 1);
  CHECK(world.last.would[0].policy == "shadow");
}

TEST_CASE("arbiter: who lost says to whom and why") {
  const auto mild = wanting("a", {shed("class/x", 0.5)});
  const auto strict = wanting("b", {shed("class/x", 0.1), shed("class/x", 0.05)});
  const auto low = wanting("c", {profile(1)});
  const auto high = wanting("d", {profile(2)}, 1);
  const auto late = wanting("e", {profile(3)}, 1);
  Arbiter arbiter;
  arbiter.add(mild, at_rung(mild, 1), Subject{});
  arbiter.add(strict, at_rung(strict, 2), Subject{});
  for (const auto* policy : {&low, &high, &late}) arbiter.add(*policy, at_rung(*policy, 1), {});
  const auto lost = arbiter.overruled();
  REQUIRE(lost.size() == 3);
  CHECK(lost[0].policy == "a");
  CHECK(lost[0].by == "b");
  CHECK(lost[0].target == "class/x");
  CHECK(lost[0].why == Precedence::admits_less);
  CHECK(lost[1].policy == "c");
  CHECK(lost[1].by == "d");
  CHECK(lost[1].why == Precedence::priority);
  CHECK(lost[2].policy == "e");
  CHECK(lost[2].why == Precedence::name);
}
