// SPDX-License-Identifier: Apache-2.0
// How long it takes to write the metrics of a policy that is breached about every subject.
//
// Usage: metrics_bench SUBJECTS TIMES FILE
//
// Prints the microseconds of each time, one a line, and leaves the text in FILE.
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "controller/api/metrics.hpp"
#include "tests/policies/engine/world.hpp"

namespace {

using homeostat::Report;
using homeostat::Subject;
using homeostat::SubjectKind;
using homeostat::testing::World;

/// As the supervisor publishes it after a step.
Report report_of(int subjects) {
  auto policy = homeostat::testing::circuit_breaker();
  policy.subjects.clear();
  for (int number = 0; number < subjects; ++number) {
    policy.subjects.push_back(Subject{SubjectKind::zone, std::to_string(number)});
  }
  World world{{policy}};
  Report report;
  for (const auto& subject : policy.subjects) {
    world.put_ratio(24, 30, subject);
    report.samples.push_back(ratio(homeostat::testing::kRatio, subject, 24, 30, world.now));
  }
  report.policies = {policy};
  report.verdicts = world.tick().verdicts;
  report.at = world.now;
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const int subjects = arguments.size() == 3 ? std::atoi(arguments[0].c_str()) : 0;
  const int times = arguments.size() == 3 ? std::atoi(arguments[1].c_str()) : 0;
  if (subjects <= 0 || times <= 0) {
    std::cerr << "usage: metrics_bench SUBJECTS TIMES FILE\n";
    return 2;
  }
  const auto report = report_of(subjects);
  std::string text;
  for (int time = 0; time < times; ++time) {
    const auto began = std::chrono::steady_clock::now();
    text = metrics_text(report, {});
    const auto ended = std::chrono::steady_clock::now();
    std::cout << std::chrono::duration<double, std::micro>(ended - began).count() << '\n';
  }
  std::ofstream file(arguments[2]);
  file << text;
  return file.flush() ? 0 : 1;
}
