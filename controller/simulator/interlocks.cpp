// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/interlocks.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "policies/engine/interlocks.hpp"

namespace homeostat {
namespace {

constexpr int kNumber = 8;

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

void InterlockWatch::fail(const std::string& policy, std::string text) {
  add(findings_, {kNumber, Severity::failure, policy, std::move(text)});
}

void InterlockWatch::see_jobs(const Decision& decision) {
  auto open = open_lock_breakers(policies_, decision.state);
  for (const auto& verdict : decision.verdicts) {
    if (verdict.step != Step::started && verdict.step != Step::resumed) continue;
    const auto* const policy = find_policy(policies_, verdict.policy);
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
    const auto* const policy = find_policy(policies_, verdict.policy);
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
  // What is reported and decided, not what the engine makes of it: that is under test.
  const bool moving = std::any_of(snapshot.jobs.begin(), snapshot.jobs.end(), [&](const auto& job) {
    return job.second.phase == JobPhase::running && moves_data(policies_, job.first.lever);
  });
  const auto& states = decision.state.policies;
  const bool open = std::any_of(states.begin(), states.end(), [](const auto& entry) {
    return entry.second.kind == PolicyKind::breaker && entry.second.share > 0 &&
           entry.second.memory.state != BreakerState::closed;
  });
  see_jobs(decision);
  if (moving) see_breakers(decision);
  see_levers(commanded, moving || open, moving);
}

}  // namespace homeostat
