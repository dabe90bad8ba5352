// SPDX-License-Identifier: Apache-2.0
// How long simulated ticks take, everything included: plant, sensor, decide(), levers, scoring.
//
// Usage: simulate_bench POLICIES HOURS RUNS
//   POLICIES  how many, all about the same ratio, each with a name and a threshold of its own
//   HOURS     of virtual time a run, one tick a second, an incident each twelve hours
//
// Prints the microseconds of one tick, on average over each run, one a line.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "controller/simulator/simulation.hpp"
#include "tests/policies/engine/world.hpp"

namespace {

using homeostat::testing::circuit_breaker;
using homeostat::testing::World;

homeostat::PolicySet policies(int count) {
  std::vector<homeostat::Policy> made;
  for (int number = 0; number < count; ++number) {
    auto policy = circuit_breaker();
    policy.name += "-" + std::to_string(number);
    policy.open.arms = {homeostat::testing::cusum_arm(0.20 + 0.001 * number)};
    made.push_back(std::move(policy));
  }
  return World{std::move(made)}.set;
}

homeostat::Scenario scenario(int hours) {
  homeostat::Scenario scenario;
  scenario.duration = std::chrono::hours{hours};
  homeostat::IncidentRule rule;
  rule.per_day = 2;
  rule.shortest = std::chrono::minutes{3};
  rule.longest = std::chrono::minutes{12};
  rule.level = 0.41;
  scenario.incidents = {rule};
  return scenario;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto number = [&](std::size_t at) { return std::atoi(arguments[at].c_str()); };
  if (arguments.size() != 3 || number(0) < 1 || number(1) < 1 || number(2) < 1) {
    std::cerr << "usage: simulate_bench POLICIES HOURS RUNS\n";
    return 2;
  }
  const auto set = policies(number(0));
  const auto tried = scenario(number(1));
  for (int run = 0; run < number(2); ++run) {
    const auto began = std::chrono::steady_clock::now();
    if (!simulate(tried, set, run).has_value()) return 1;
    const auto ended = std::chrono::steady_clock::now();
    const double ticks = homeostat::to_seconds(tried.duration);
    std::cout << std::chrono::duration<double, std::micro>(ended - began).count() / ticks << '\n';
  }
  return 0;
}
