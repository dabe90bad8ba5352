// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/canary_builder.hpp"

#include "policies/engine/canary_share.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

std::string percent(double share) { return format_number(share * 100) + "%"; }

void read_steps(const Value& steps, CanaryRule& canary, std::vector<Finding>& errors) {
  canary.steps.clear();
  for (const auto& value : steps.children) {
    CanaryStep step;
    assign<double>(step.share, value, "share");
    assign_duration(step.hold_for, value, "for");
    const bool rises = canary.steps.empty() || step.share > canary.steps.back().share;
    if (!rises) {
      errors.push_back({place_of(value, "share"), "the steps of `canary` must rise; " +
                                                      percent(step.share) + " follows " +
                                                      percent(canary.steps.back().share)});
    }
    canary.steps.push_back(step);
  }
}

}  // namespace

std::string why_no_canary(const Policy& policy) {
  if (policy.kind == PolicyKind::alert || can_canary(policy)) return {};
  if (policy.kind != PolicyKind::breaker) {
    return "a " + std::string(to_text(policy.kind)) + " acts on all of its target or on nothing";
  }
  if (policy.subjects.size() < 2) {
    return "not every rung admits a share of its keys (`admit`), and there is only one subject";
  }
  if (policy.escalate) return "`escalate` would act on zones that are to be left alone";
  return "not every rung admits a share of its keys (`admit`), and without `expect` nothing says "
         "whether acting on some of its subjects helped";
}

void build_canary(const Value& document, PolicyDraft& draft, std::vector<Finding>& errors) {
  auto& policy = draft.policy;
  if (const auto* const value = find(document, "canary")) {
    assign<std::int64_t>(policy.canary.min_acts, *value, "min_acts");
    assign<double>(policy.canary.most_failed, *value, "most_failed");
    if (const auto* const steps = find(*value, "steps")) read_steps(*steps, policy.canary, errors);
  }
  if (policy.mode != Mode::canary) return;
  const auto why = why_no_canary(policy);
  if (why.empty()) return;
  errors.push_back({place_of(document, "mode"), "policy `" + policy.name +
                                                    "` cannot be in canary: " + why +
                                                    "; expected shadow or enforce"});
}

}  // namespace homeostat::loader
