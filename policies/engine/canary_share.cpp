// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/canary_share.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "policies/engine/breaker.hpp"

namespace homeostat {
namespace {

/// FNV-1a, 64 bits (Fowler, Noll, Vo): the same on every machine and in every version, which
/// std::hash does not promise.
std::uint64_t stable_hash(const std::string& text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char character : text) {
    hash ^= static_cast<unsigned char>(character);
    hash *= 1099511628211U;
  }
  return hash;
}

/// The highest hash among those that take part: at least one of the subjects, and not all, for a
/// step is less than half.
std::uint64_t last_hash(const std::vector<Subject>& subjects, double share) {
  std::vector<std::uint64_t> hashes;
  hashes.reserve(subjects.size());
  for (const auto& subject : subjects) hashes.push_back(stable_hash(to_text(subject)));
  // A hair less than the product, so that 25 % of 4 is not rounded up to 2.
  const auto wanted = std::ceil(share * static_cast<double>(hashes.size()) - 1e-9);
  const auto count = std::max<std::ptrdiff_t>(1, static_cast<std::ptrdiff_t>(wanted));
  std::nth_element(hashes.begin(), hashes.begin() + (count - 1), hashes.end());
  return hashes[static_cast<std::size_t>(count - 1)];
}

}  // namespace

bool shares_keys(const Policy& policy) {
  const auto admits = [](const Act& act) { return admission_of(act.value).has_value(); };
  return !policy.ladder.empty() && std::all_of(policy.ladder.begin(), policy.ladder.end(), admits);
}

bool can_canary(const Policy& policy) {
  if (policy.kind != PolicyKind::breaker) return false;
  if (shares_keys(policy)) return true;
  // A node that is acted on takes subjects with it that were to be left alone.
  return policy.subjects.size() > 1 && policy.expect && !policy.escalate;
}

double canary_share(const Policy& policy, const CanaryMemory& memory) {
  if (memory.demoted) return 0;
  const auto step = static_cast<std::size_t>(std::max(0, memory.step));
  return step < policy.canary.steps.size() ? policy.canary.steps[step].share : 1;
}

bool acts_at_all(const Policy& policy, const EngineState& state) {
  const auto at = state.canaries.find(policy.name);
  if (at == state.canaries.end()) return policy.mode == Mode::enforce;
  return canary_share(policy, at->second) > 0;
}

Share::Share(const Policy& policy, const EngineState& state) {
  const auto at = state.canaries.find(policy.name);
  if (at == state.canaries.end()) {
    share_ = policy.mode == Mode::enforce ? 1 : 0;
    return;
  }
  share_ = canary_share(policy, at->second);
  const bool some = share_ > 0 && share_ < 1;
  if (some && !shares_keys(policy)) last_ = last_hash(policy.subjects, share_);
}

double Share::of(const Subject& subject) const {
  if (!last_) return share_;
  return stable_hash(to_text(subject)) <= *last_ ? 1 : 0;
}

}  // namespace homeostat
