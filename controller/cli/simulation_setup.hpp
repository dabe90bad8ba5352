// SPDX-License-Identifier: Apache-2.0
// What `homeostat simulate` runs: scenarios by name, and the policies that go with each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/simulator/scenario.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// Instead of what a scenario says.
struct ScenarioChanges {
  std::optional<std::uint32_t> seed;
  std::optional<int> runs;
};

/// Of files and folders, in the order in which they are named. Errors are printed; nothing then.
std::optional<std::vector<Scenario>> load_scenarios(const std::vector<std::string>& paths,
                                                    const ScenarioChanges& changes);

/// Those that are `named`, else the scenario's own, else the recommended ones, which are shipped
/// beside the scenarios' folder.
std::vector<std::string> policies_of(const std::vector<std::string>& named,
                                     const Scenario& scenario);

/// Policies as a scenario runs them, and what was dropped from them.
struct FittedPolicies {
  PolicySet set;
  std::vector<std::string> notes;
};

/// Errors are printed; nothing then. `lift_limits`: of all policies together, as many forward acts
/// as they like, and no storm brake. No policy at all may be left.
std::optional<FittedPolicies> load_for(const Scenario& scenario,
                                       const std::vector<std::string>& paths, bool lift_limits);

}  // namespace homeostat
