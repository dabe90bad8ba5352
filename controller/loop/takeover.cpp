// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/takeover.hpp"

#include <algorithm>

namespace homeostat {
namespace {

Duration longest_ttl(const PolicySet& policies, const std::string& name) {
  Duration longest{};
  for (const auto& policy : policies.policies) {
    if (policy.name != name) continue;
    for (const auto& act : policy.ladder) longest = std::max(longest, act.ttl);
  }
  return longest;
}

bool has_live_row(const LedgerImage& image, const PolicyMemory& memory) {
  return std::any_of(image.rows.begin(), image.rows.end(), [&](const LedgerRow& row) {
    return row.policy == memory.policy && row.subject == memory.subject &&
           row.remaining > Duration{};
  });
}

}  // namespace

std::vector<PolicyMemory> alive(const PolicySet& policies, const LedgerImage& image,
                                TimePoint now) {
  auto memories = image.memories;
  for (auto& memory : memories) {
    const bool recent = now - memory.changed <= longest_ttl(policies, memory.policy);
    if (memory.state == BreakerState::closed || recent || has_live_row(image, memory)) continue;
    if (memory.job) {
      // Its lever stopped it by itself; one that had been stopped before still waits.
      if (memory.state == BreakerState::open) {
        memory.job->stop = JobStop::outside;
        memory.changed = now;
      }
      memory.state = BreakerState::half_open;
      memory.rung = 0;
      continue;
    }
    memory.state = BreakerState::closed;
    memory.rung = 0;
    memory.restore_step = 0;
    for (auto& benched : memory.benched) benched.skipped = false;
  }
  return memories;
}

std::vector<RegulatedValue> regulated_values(const PolicySet& policies, const LedgerImage& image) {
  std::vector<RegulatedValue> values;
  for (const auto& policy : policies.policies) {
    if (!policy.regulator || policy.mode != Mode::enforce) continue;
    for (const auto& row : image.rows) {
      const bool its_own = row.policy == policy.name && row.policy_hash == policy.hash;
      const auto stands = row.value.arguments.find(policy.regulator->argument);
      if (!its_own || row.remaining <= Duration{} || stands == row.value.arguments.end()) continue;
      const auto* value = std::get_if<double>(&stands->second);
      if (value != nullptr) values.push_back({policy.name, row.subject, *value});
    }
  }
  return values;
}

}  // namespace homeostat
