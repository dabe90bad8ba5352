// SPDX-License-Identifier: Apache-2.0
// How long one decide() takes that evaluates every policy about every subject.
//
// Usage: decide_bench SHAPE SUBJECTS STEPS LOAD
//   SHAPE     one: one policy about SUBJECTS subjects
//             many: SUBJECTS policies, each about a subject of its own
//   LOAD      calm: nothing is breached; storm: every subject is
//
// Prints the microseconds of each step, one a line.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "tests/policies/engine/world.hpp"

namespace {

using homeostat::Policy;
using homeostat::Subject;
using homeostat::SubjectKind;
using homeostat::testing::World;

constexpr int kWarmUp = 3;  // steps: the state grows to its size, pages are touched

bool usable(const std::vector<std::string>& arguments) {
  return arguments.size() == 4 && (arguments[0] == "one" || arguments[0] == "many") &&
         std::atoi(arguments[1].c_str()) > 0 && std::atoi(arguments[2].c_str()) > 0 &&
         (arguments[3] == "calm" || arguments[3] == "storm");
}

Subject zone(int number) { return {SubjectKind::zone, std::to_string(number)}; }

/// The shipped circuit breaker, about all subjects or one a subject.
std::vector<Policy> policies(bool one, int subjects) {
  Policy policy = homeostat::testing::circuit_breaker();
  policy.subjects.clear();
  std::vector<Policy> made;
  for (int number = 0; number < subjects; ++number) {
    if (one) {
      policy.subjects.push_back(zone(number));
    } else {
      policy.name = "breaker-" + std::to_string(number);
      policy.subjects = {zone(number)};
      made.push_back(policy);
    }
  }
  if (one) made.push_back(std::move(policy));
  return made;
}

/// Every policy falls due at every step, and every sample is new.
double timed_step(World& world, int subjects, bool storm) {
  for (int number = 0; number < subjects; ++number) {
    world.put_ratio(storm ? 24 : 1, 30, zone(number));
  }
  const auto began = std::chrono::steady_clock::now();
  world.last = decide(world.set, world.snapshot, std::move(world.state), world.now);
  const auto ended = std::chrono::steady_clock::now();
  world.state = std::move(world.last.state);
  world.now += homeostat::testing::seconds(30);
  return std::chrono::duration<double, std::micro>(ended - began).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (!usable(arguments)) {
    std::cerr << "usage: decide_bench one|many SUBJECTS STEPS calm|storm\n";
    return 2;
  }
  const bool one = arguments[0] == "one";
  const int subjects = std::atoi(arguments[1].c_str());
  const int steps = std::atoi(arguments[2].c_str());
  const bool storm = arguments[3] == "storm";
  World world{policies(one, subjects)};
  for (int step = 0; step < steps + kWarmUp; ++step) {
    const double microseconds = timed_step(world, subjects, storm);
    if (step >= kWarmUp) std::cout << microseconds << '\n';
  }
  return 0;
}
