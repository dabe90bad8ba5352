// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_policies.hpp"

#include <string>
#include <utility>

#include "policies/loader/loader.hpp"

namespace homeostat::doctor {

std::vector<Finding> check_configuration(const Config& config) {
  Findings findings("configuration");
  findings.ok("file", config.path + " is sound");
  const auto ceiling = "mode_ceiling " + std::string(to_text(config.mode_ceiling));
  if (config.mode_ceiling > Mode::shadow) {
    findings.ok("mode", ceiling + ": policies may act");
  } else {
    findings.ok("mode", ceiling + ": it only watches");
  }
  if (config.speed_up > 1) {
    findings.warn("speed", "speed_up is " + std::to_string(config.speed_up),
                  {"every duration of the policies is divided by it: it is for demonstrations",
                   "take the line `speed_up:` out"});
  }
  return std::move(findings.all());
}

std::vector<Finding> check_policies(const PolicySet& policies,
                                    const std::vector<homeostat::Finding>& notes) {
  Findings findings("policies");
  for (const auto& policy : policies.policies) {
    findings.ok(policy.name,
                std::string(to_text(policy.kind)) + ", mode " + std::string(to_text(policy.mode)));
  }
  if (policies.policies.empty()) {
    findings.warn("files", "no policy is loaded",
                  {"it would measure and decide nothing",
                   "copy policies/recommended, and name the files: policies: [policies/*.yaml]"});
  }
  for (const auto& note : notes) findings.ok("dropped", homeostat::to_text(note));
  return std::move(findings.all());
}

std::vector<Finding> check_load(const std::vector<homeostat::Finding>& errors) {
  Findings findings("configuration");
  for (const auto& error : errors) {
    findings.fail("file", homeostat::to_text(error),
                  {"nothing starts with it; a running daemon keeps what it has loaded",
                   "correct the file; homeostat check FILE shows whether it is sound"});
  }
  return std::move(findings.all());
}

}  // namespace homeostat::doctor
