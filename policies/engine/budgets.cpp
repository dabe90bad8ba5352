// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/budgets.hpp"

#include <algorithm>

#include "policies/engine/canary_share.hpp"
#include "policies/engine/job_bytes.hpp"

namespace homeostat {
namespace {

bool counts(const ForwardAct& act, const EngineSettings& settings, TimePoint now) {
  return act.at + settings.budget_window > now;
}

template <class Predicate>
int count(const std::vector<ForwardAct>& acts, Predicate predicate) {
  return static_cast<int>(std::count_if(acts.begin(), acts.end(), predicate));
}

/// What a policy's own budget counts: of one that acts only what was really done.
const std::vector<ForwardAct>& acts_of(const EngineState& state, const Policy& policy) {
  return acts_at_all(policy, state) ? state.cluster_acts : state.forward_acts;
}

void add_once(std::vector<ForwardAct>& acts, const ForwardAct& act) {
  if (std::find(acts.begin(), acts.end(), act) == acts.end()) acts.push_back(act);
}

}  // namespace

int policy_budget_left(const PolicySet& set, const EngineState& state, const Policy& policy,
                       TimePoint now) {
  const int used = count(acts_of(state, policy), [&](const ForwardAct& act) {
    return act.policy == policy.name && act.at != now && counts(act, set.settings, now);
  });
  return policy.limits.per_hour - used;
}

int cluster_budget_left(const PolicySet& set, const EngineState& state, const std::string& policy,
                        TimePoint now) {
  const int used = count(state.cluster_acts, [&](const ForwardAct& act) {
    const bool same_step = act.policy == policy && act.at == now;
    return !same_step && counts(act, set.settings, now);
  });
  return set.settings.cluster_per_hour - used;
}

void count_forward_act(EngineState& state, const Policy& policy, bool real, TimePoint now) {
  const ForwardAct act{policy.name, now};
  add_once(state.forward_acts, act);
  if (real) add_once(state.cluster_acts, act);
}

void follow_brake(EngineState& state, const Snapshot& snapshot, const EngineSettings& settings,
                  TimePoint now) {
  TimePoint from = now - settings.brake_window;
  for (const auto& ack : snapshot.acks) {
    if (ack.scope != kClusterScope) continue;
    from = std::max(from, ack.at);
    if (state.braked && ack.at > *state.braked) state.braked.reset();
  }
  if (state.braked) return;
  const int acts = count(state.cluster_acts, [&](const ForwardAct& act) { return act.at > from; });
  if (acts >= settings.brake_acts) state.braked = now;
}

void forget_old_acts(EngineState& state, const EngineSettings& settings, TimePoint now) {
  std::erase_if(state.forward_acts,
                [&](const ForwardAct& act) { return !counts(act, settings, now); });
  const Duration longest = std::max(settings.budget_window, settings.brake_window);
  std::erase_if(state.cluster_acts, [&](const ForwardAct& act) { return act.at + longest <= now; });
}

std::map<std::string, std::int64_t> amounts_remaining(const PolicySet& set,
                                                      const EngineState& state,
                                                      const Snapshot& snapshot, TimePoint now) {
  const auto& settings = set.settings;
  std::map<std::string, std::int64_t> remaining;
  remaining["sessions"] = std::max(0, settings.sessions_per_hour - snapshot.sessions_ended);
  if (settings.bytes_per_day) {
    const double left = *settings.bytes_per_day - bytes_moved(state, settings, now);
    remaining["bytes"] = static_cast<std::int64_t>(std::max(0.0, left));
  }
  return remaining;
}

std::map<std::string, int> budget_remaining(const PolicySet& set, const EngineState& state,
                                            TimePoint now) {
  std::map<std::string, int> remaining;
  for (const auto& policy : set.policies) {
    const bool has_one = policy.kind == PolicyKind::breaker || policy.kind == PolicyKind::job;
    if (policy.mode == Mode::off || !has_one) continue;
    const int used = count(acts_of(state, policy), [&](const ForwardAct& act) {
      return act.policy == policy.name && counts(act, set.settings, now);
    });
    remaining[policy.name] = std::max(0, policy.limits.per_hour - used);
  }
  const int used = count(state.cluster_acts,
                         [&](const ForwardAct& act) { return counts(act, set.settings, now); });
  remaining["cluster"] = std::max(0, set.settings.cluster_per_hour - used);
  return remaining;
}

}  // namespace homeostat
