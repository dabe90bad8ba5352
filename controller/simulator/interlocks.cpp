// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/interlocks.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "policies/engine/interlocks.hpp"

namespace homeostat {
namespace {

constexpr int kNumber = 8;

bool about_locks(const Arm& arm) { return !arm.max_rung && !judges_balance(arm); }

bool is_lock_breaker(const Policy& policy) {
  return policy.kind == PolicyKind::breaker &&
         std::any_of(policy.open.arms.begin(), policy.open.arms.end(), about_locks);
}

bool moves_data(const PolicySet& set, const std::string& lever) {
  const auto at = set.levers.find(lever);
  return at != set.levers.end() && at->second.runs_job && at->second.isolates;
}

bool settles_last(const PolicySet& set, const std::string& lever) {
  const auto at = set.levers.find(lever);
  return at != set.levers.end() && at->second.settles_last;
}

const Policy* named(const PolicySet& set, const std::string& name) {
  const auto at = std::find_if(set.policies.begin(), set.policies.end(),
                               [&](const Policy& policy) { return policy.name == name; });
  return at == set.policies.end() ? nullptr : &*at;
}

bool open_about_locks(const Policy& policy, const PolicyRuntime& runtime) {
  if (runtime.memory.state == BreakerState::closed) return false;
  const auto& arms = policy.open.arms;
  for (std::size_t index = 0; index < std::min(arms.size(), runtime.arms.size()); ++index) {
    if (runtime.arms[index].involved && about_locks(arms[index])) return true;
  }
  return false;
}

std::set<std::string> open_lock_breakers(const PolicySet& set, const EngineState& state) {
  std::set<std::string> open;
  for (const auto& [key, runtime] : state.policies) {
    if (runtime.kind != PolicyKind::breaker || runtime.memory.state == BreakerState::closed) {
      continue;  // nearly always
    }
    const auto* const policy = named(set, key.first);
    if (policy != nullptr && open_about_locks(*policy, runtime)) open.insert(key.first);
  }
  return open;
}

bool climbs(Step step) {
  return step == Step::opened || step == Step::climbed || step == Step::reopened;
}

/// The only arms that say that it is open are those about an imbalance.
bool by_imbalance(const Policy& policy, const Verdict& verdict) {
  const auto& arms = policy.open.arms;
  bool balance = false;
  for (std::size_t index = 0; index < std::min(arms.size(), verdict.evidence.size()); ++index) {
    if (!verdict.evidence[index].tripped) continue;
    if (!judges_balance(arms[index])) return false;
    balance = true;
  }
  return balance;
}

std::string joined(const std::set<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "`" : ", `") + name + "`";
  return all;
}

}  // namespace

std::vector<InvariantFinding> check_interlocks(const PolicySet& policies) {
  std::set<std::string> breakers;
  for (const auto& policy : policies.policies) {
    if (is_lock_breaker(policy)) breakers.insert(policy.name);
  }
  std::vector<InvariantFinding> found;
  for (const auto& policy : policies.policies) {
    const bool moves = policy.kind == PolicyKind::job && !policy.ladder.empty() &&
                       moves_data(policies, policy.ladder.front().lever);
    const auto& names = policy.blocked_while;
    const bool waits = std::any_of(names.begin(), names.end(),
                                   [&](const auto& name) { return breakers.contains(name); });
    if (!moves || waits) continue;
    const bool any = !breakers.empty();
    found.push_back({kNumber, any ? Severity::failure : Severity::warning, policy.name,
                     "no interlock: its `blocked_while` names no lock breaker" +
                         (any ? ", of which there is " + joined(breakers)
                              : std::string(", and none is simulated"))});
  }
  return found;
}

void InterlockWatch::fail(const std::string& policy, std::string text) {
  add(findings_, {kNumber, Severity::failure, policy, std::move(text)});
}

void InterlockWatch::see_jobs(const Decision& decision) {
  auto open = open_lock_breakers(policies_, decision.state);
  for (const auto& verdict : decision.verdicts) {
    if (verdict.step != Step::started && verdict.step != Step::resumed) continue;
    const auto* const policy = named(policies_, verdict.policy);
    if (policy == nullptr || !moves_data(policies_, policy->ladder.front().lever)) continue;
    // What opens at the same step may have been asked after it.
    std::set<std::string> both;
    std::set_intersection(open.begin(), open.end(), open_.begin(), open_.end(),
                          std::inserter(both, both.end()));
    if (!both.empty()) fail(verdict.policy, "it starts to move shards while open: " + joined(both));
  }
  open_ = std::move(open);
}

void InterlockWatch::see_breakers(const Decision& decision) {
  for (const auto& verdict : decision.verdicts) {
    if (verdict.kind != PolicyKind::breaker || !climbs(verdict.step)) continue;
    const auto* const policy = named(policies_, verdict.policy);
    if (policy == nullptr || !by_imbalance(*policy, verdict)) continue;
    fail(verdict.policy, "an imbalance trips it while shards are moved");
  }
}

void InterlockWatch::see_levers(const LeversInForce& commanded, bool held, bool moving) {
  if (held) {
    for (const auto& [key, value] : settled_) {
      const auto at = commanded.find(key);
      if (at != commanded.end() && at->second == value) continue;
      fail("", "`" + key.lever + "` of " + key.target + " is " +
                   (at == commanded.end() ? "given back" : "changed") +
                   (moving ? " while shards are moved" : " while a breaker is open"));
    }
  }
  LeversInForce now;
  for (const auto& [key, value] : commanded) {
    if (!settles_last(policies_, key.lever)) continue;
    if (moving && !settled_.contains(key)) {
      fail("", "`" + key.lever + "` of " + key.target + " is set while shards are moved");
    }
    now.emplace(key, value);
  }
  settled_ = std::move(now);
}

void InterlockWatch::see(const Snapshot& snapshot, const Decision& decision,
                         const LeversInForce& commanded) {
  const bool moving = rebalance_runs(policies_, snapshot, decision.state);
  see_jobs(decision);
  if (moving) see_breakers(decision);
  see_levers(commanded, !held_levers(policies_, snapshot, decision.state).empty(), moving);
}

}  // namespace homeostat
