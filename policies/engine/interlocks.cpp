// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/interlocks.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace homeostat {
namespace {

// Where Citus has put the data.
constexpr std::array<std::string_view, 3> kBalance{"citus_node_cv", "citus_node_max_deviation",
                                                   "citus_shard_cv"};

bool is_balance(std::string_view signal) {
  return std::find(kBalance.begin(), kBalance.end(), signal) != kBalance.end();
}

bool reads_balance(const Formula& formula) {
  return std::any_of(formula.inputs.begin(), formula.inputs.end(), [](const auto& input) {
    return input.record.empty() ? is_balance(input.signal) : reads_balance(input.record.front());
  });
}

bool started(const EngineState& state, const Policy& policy) {
  auto at = state.policies.lower_bound({policy.name, Subject{}});
  for (; at != state.policies.end() && at->first.first == policy.name; ++at) {
    const auto& runtime = at->second;
    if (runtime.share > 0 && runtime.memory.state == BreakerState::open) return true;
  }
  return false;
}

bool open_about_locks(const Policy& policy, const PolicyRuntime& runtime) {
  const auto& arms = policy.open.arms;
  for (std::size_t index = 0; index < std::min(arms.size(), runtime.arms.size()); ++index) {
    const auto& arm = arms[index];
    if (runtime.arms[index].involved && !arm.max_rung && !judges_balance(arm)) return true;
  }
  return false;
}

}  // namespace

bool moves_data(const PolicySet& set, const std::string& lever) {
  const auto at = set.levers.find(lever);
  return at != set.levers.end() && at->second.moves_bytes;
}

bool some_breaker_acts(const EngineState& state) {
  return std::any_of(state.policies.begin(), state.policies.end(), [](const auto& entry) {
    const auto& runtime = entry.second;
    return runtime.kind == PolicyKind::breaker && runtime.share > 0 &&
           runtime.memory.state != BreakerState::closed;
  });
}

std::set<std::string> open_lock_breakers(const PolicySet& set, const EngineState& state) {
  std::set<std::string> open;
  for (const auto& [key, runtime] : state.policies) {
    if (runtime.kind != PolicyKind::breaker || runtime.share <= 0 ||
        runtime.memory.state == BreakerState::closed) {
      continue;  // nearly always
    }
    const auto* const policy = find_policy(set, key.first);
    if (policy != nullptr && open_about_locks(*policy, runtime)) open.insert(key.first);
  }
  return open;
}

bool rebalance_runs(const PolicySet& set, const Snapshot& snapshot, const EngineState& state) {
  const bool reported =
      std::any_of(snapshot.jobs.begin(), snapshot.jobs.end(), [&](const auto& entry) {
        return entry.second.phase == JobPhase::running && moves_data(set, entry.first.lever);
      });
  return reported || std::any_of(set.policies.begin(), set.policies.end(), [&](const auto& policy) {
           return policy.kind == PolicyKind::job && !policy.ladder.empty() &&
                  moves_data(set, policy.ladder.front().lever) && started(state, policy);
         });
}

bool judges_balance(const Arm& arm) {
  return arm.record.empty() ? is_balance(arm.signal) : reads_balance(arm.record.front());
}

bool settles_last(const PolicySet& set, const std::string& lever) {
  const auto at = set.levers.find(lever);
  return at != set.levers.end() && at->second.settles_last;
}

// Whatever rung it stands on, and whichever would be taken next. That the rung which shuts out is
// not taken (not yet, or for a pause, a bench or an empty budget) says nothing of the server: it
// may be lost all the same, and what settles last reaches every server, so that no order of it is
// about those that answer. To ask for the rung would let such an order hang on the lost one; not to
// ask costs a wait where a milder rung below was enough.
bool some_server_out(const PolicySet& set, const EngineState& state) {
  // Whoever lets some in all the same has a server that answers.
  const auto shuts_out = [&set](const Act& act) {
    const auto at = set.levers.find(act.lever);
    const auto admit = act.value.arguments.find("admit");
    const bool some = admit != act.value.arguments.end() && admit->second != Argument{0.0};
    return at != set.levers.end() && at->second.shuts_out && !some;
  };
  return std::any_of(set.policies.begin(), set.policies.end(), [&](const Policy& policy) {
    if (std::none_of(policy.ladder.begin(), policy.ladder.end(), shuts_out)) return false;
    auto at = state.policies.lower_bound({policy.name, Subject{}});
    for (; at != state.policies.end() && at->first.first == policy.name; ++at) {
      if (at->second.memory.state != BreakerState::closed) return true;
    }
    return false;
  });
}

std::set<std::string, std::less<>> held_levers(const PolicySet& set, const Snapshot& snapshot,
                                               const EngineState& state) {
  std::set<std::string, std::less<>> held;
  if (!some_breaker_acts(state) && !rebalance_runs(set, snapshot, state)) return held;
  for (const auto& [name, traits] : set.levers) {
    if (traits.settles_last) held.insert(name);
  }
  return held;
}

}  // namespace homeostat
