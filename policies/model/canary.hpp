// SPDX-License-Identifier: Apache-2.0
// Mode canary: a policy acts on a small share first, and on more only while it proves itself.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "policies/model/time.hpp"

namespace homeostat {

/// One step: the share acted on, and the least time on it.
struct CanaryStep {
  double share = 0;  ///< more than 0, less than half: what is left alone is the control group
  Duration hold_for{};
  friend bool operator==(const CanaryStep&, const CanaryStep&) = default;
};

/// The steps before everything is acted on, and what it takes to leave one.
struct CanaryRule {
  std::vector<CanaryStep> steps{{0.01, std::chrono::hours{24}}, {0.15, std::chrono::hours{24}}};
  int min_acts = 3;          ///< acts judged on a step before it is left, either way
  double most_failed = 0.2;  ///< share of them that may have failed
  friend bool operator==(const CanaryRule&, const CanaryRule&) = default;
};

/// How far a policy in canary has come.
struct CanaryMemory {
  std::string policy_hash;
  int step = 0;          ///< index into the rule's steps; their number: it acts on everything
  bool demoted = false;  ///< it failed on its first step: it decides, and acts on nothing
  TimePoint since{};     ///< on this step, or demoted
  int passed = 0;        ///< acts on this step that were judged right
  int failed = 0;        ///< needless or ineffective ones
  int harmful = 0;       ///< one is enough to go a step back
  friend bool operator==(const CanaryMemory&, const CanaryMemory&) = default;
};

}  // namespace homeostat
