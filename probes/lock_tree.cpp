// SPDX-License-Identifier: Apache-2.0
#include "probes/lock_tree.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <set>
#include <string_view>

namespace homeostat {
namespace {

struct Mode {
  std::string_view name;
  std::string_view conflicts;  // '1' at the place of each mode of this table
};

constexpr std::array<Mode, 8> kModes{{
    {"AccessShareLock", "00000001"},
    {"RowShareLock", "00000011"},
    {"RowExclusiveLock", "00001111"},
    {"ShareUpdateExclusiveLock", "00011111"},
    {"ShareLock", "00110111"},
    {"ShareRowExclusiveLock", "00111111"},
    {"ExclusiveLock", "01111111"},
    {"AccessExclusiveLock", "11111111"},
}};

// Unknown modes (SIReadLock) block nobody.
bool conflict(std::string_view one, std::string_view other) {
  const auto place = [](std::string_view name) {
    const auto at = std::find_if(kModes.begin(), kModes.end(),
                                 [&](const Mode& mode) { return mode.name == name; });
    return static_cast<std::size_t>(at - kModes.begin());
  };
  const auto first = place(one);
  const auto second = place(other);
  if (first == kModes.size() || second == kModes.size()) return false;
  return kModes[first].conflicts[second] == '1';
}

using Edges = std::map<int, std::set<int>>;  // from a blocker to those behind it

// One object's queue: holders, then waiters, the longest waiting first.
void add_edges(std::vector<const LockRow*>& queue, Edges& behind, std::set<int>& waiting) {
  std::stable_sort(queue.begin(), queue.end(), [](const LockRow* left, const LockRow* right) {
    if (left->granted != right->granted) return left->granted;
    return !left->granted && left->waited > right->waited;
  });
  for (std::size_t at = 0; at < queue.size(); ++at) {
    const auto& waiter = *queue[at];
    if (waiter.granted) continue;
    waiting.insert(waiter.pid);
    // The nearest conflicting waiter ahead stands for all further ahead: they are its blockers.
    bool behind_a_waiter = false;
    for (std::size_t ahead = at; ahead-- > 0;) {
      const auto& other = *queue[ahead];
      if (other.pid == waiter.pid || !conflict(waiter.mode, other.mode)) continue;
      if (!other.granted && behind_a_waiter) continue;
      behind_a_waiter = behind_a_waiter || !other.granted;
      behind[other.pid].insert(waiter.pid);
    }
  }
}

int count_behind(int root, const Edges& behind) {
  std::set<int> seen;
  std::vector<int> next{root};
  while (!next.empty()) {
    const auto found = behind.find(next.back());
    next.pop_back();
    if (found == behind.end()) continue;
    for (const int pid : found->second) {
      if (pid != root && seen.insert(pid).second) next.push_back(pid);
    }
  }
  return static_cast<int>(seen.size());
}

}  // namespace

std::optional<RootBlocker> root_blocker(const std::vector<LockRow>& locks) {
  std::map<std::string_view, std::vector<const LockRow*>> queues;
  for (const auto& lock : locks) queues[lock.object].push_back(&lock);
  Edges behind;
  std::set<int> waiting;
  for (auto& [object, queue] : queues) add_edges(queue, behind, waiting);
  std::optional<RootBlocker> worst;
  for (const auto& [pid, victims] : behind) {
    if (waiting.contains(pid)) continue;
    const int count = count_behind(pid, behind);
    if (!worst || count > worst->victims) worst = RootBlocker{pid, count};
  }
  return worst;
}

}  // namespace homeostat
