// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/tally.hpp"

#include <algorithm>

#include "policies/engine/bench.hpp"
#include "policies/engine/canary_share.hpp"

namespace homeostat {
namespace {

double admitted(const std::vector<OpenLever>& levers, const std::string& target) {
  for (const auto& lever : levers) {
    if (lever.drifted || lever.row.key != LeverKey{"feature", target}) continue;
    const auto admit = lever.row.value.arguments.find("admit");
    if (admit == lever.row.value.arguments.end()) continue;
    if (const auto* share = std::get_if<double>(&admit->second)) return *share;
  }
  return 1;
}

}  // namespace

void count_acts(const std::vector<ActRecord>& acts, Report* report) {
  for (const auto& act : acts) {
    const bool applied = act.outcome == ChangeOutcome::applied;
    if (applied && act.kind == ChangeKind::renew) continue;
    const bool reverted = applied && act.kind == ChangeKind::revert;
    const std::string outcome{reverted ? "reverted" : to_text(act.outcome)};
    ++report->acts[{act.policy, act.key.lever, outcome}];
  }
}

void count_would_acts(const PolicySet& policies, const std::vector<Verdict>& verdicts,
                      Report* report) {
  for (const auto& verdict : verdicts) {
    // A regulator has one act and no rungs.
    const int rung_number = verdict.step == Step::adjusted ? 1 : verdict.took;
    if (verdict.acts() || rung_number < 1) continue;
    const auto policy =
        std::find_if(policies.policies.begin(), policies.policies.end(),
                     [&](const Policy& candidate) { return candidate.name == verdict.policy; });
    if (policy == policies.policies.end()) continue;
    const auto& rung = policy->ladder[static_cast<std::size_t>(rung_number) - 1];
    ++report->would_acts[{verdict.policy, rung.lever}];
  }
}

void count_effects(const std::vector<Effect>& effects, Report* report) {
  for (const auto& effect : effects) {
    ++report->effects[{effect.policy, std::string(to_text(effect.outcome))}];
  }
}

std::vector<BenchedLever> benched_levers(const PolicySet& policies, const EngineState& state,
                                         TimePoint now) {
  std::vector<BenchedLever> levers;
  for (const auto& [policy, memory, benched, left] : benched_now(policies, state, now)) {
    levers.push_back({policy.name, memory.subject, benched.rung,
                      lever_of(policy, memory.subject, benched.rung), benched.tries,
                      benched.harmful, left});
  }
  return levers;
}

std::vector<CanaryStatus> canaries(const PolicySet& policies, const EngineState& state) {
  std::vector<CanaryStatus> all;
  for (const auto& policy : policies.policies) {
    const auto at = state.canaries.find(policy.name);
    if (at == state.canaries.end()) continue;
    all.push_back({policy.name, canary_share(policy, at->second), at->second});
  }
  return all;
}

std::map<std::string, double> feature_shares(const std::map<std::string, std::string>& features,
                                             const std::vector<OpenLever>& levers) {
  std::map<std::string, double> shares;
  for (const auto& [feature, klass] : features) {
    shares[feature] =
        std::min(admitted(levers, "feature/" + feature), admitted(levers, "class/" + klass));
  }
  return shares;
}

}  // namespace homeostat
