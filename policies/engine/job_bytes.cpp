// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/job_bytes.hpp"

#include <algorithm>

#include "policies/engine/bench.hpp"

namespace homeostat {
namespace {

bool counts(const MovedBytes& moved, const EngineSettings& settings, TimePoint now) {
  return moved.at + settings.bytes_window > now;
}

/// A job that is reported to have begun earlier than its part by more than this is another one, or
/// an earlier part: what a clock elsewhere says is never exact to the step.
Duration slack(const EngineSettings& settings) { return settings.sample_every; }

MovedBytes& entry_of(EngineState& state, const PolicyMemory& memory, TimePoint now) {
  auto& all = state.moved;
  const auto known = std::find_if(all.begin(), all.end(), [&](const MovedBytes& one) {
    return one.policy == memory.policy && one.subject == memory.subject &&
           one.part == memory.opened;
  });
  if (known != all.end()) return *known;
  return all.emplace_back(MovedBytes{memory.policy, memory.subject, memory.opened, now, 0});
}

/// More may be heard of a part that runs, or was stopped and waits to go on; forgotten, what is
/// known of it already would be taken for new.
bool still_told_of(const EngineState& state, const MovedBytes& moved) {
  const auto at = state.policies.find({moved.policy, moved.subject});
  if (at == state.policies.end()) return false;
  const auto& memory = at->second.memory;
  return memory.state != BreakerState::closed && memory.opened == moved.part;
}

}  // namespace

const JobProgress* progress_of(const EngineSettings& settings, const Policy& policy,
                               const PolicyRuntime& runtime, const Snapshot& snapshot) {
  const auto& memory = runtime.memory;
  if (runtime.share <= 0) return nullptr;
  const auto at = snapshot.jobs.find(lever_of(policy, memory.subject, 1));
  if (at == snapshot.jobs.end()) return nullptr;
  const auto& progress = at->second;
  const bool later = memory.state == BreakerState::half_open && progress.started > memory.changed;
  const bool earlier = progress.started + slack(settings) < memory.opened;
  return later || earlier ? nullptr : &progress;
}

void follow_bytes(EngineState& state, const EngineSettings& settings, const Policy& policy,
                  const PolicyRuntime& runtime, const Snapshot& snapshot, TimePoint now) {
  if (runtime.memory.state == BreakerState::closed) return;
  const auto* const progress = progress_of(settings, policy, runtime, snapshot);
  if (progress == nullptr || progress->bytes_done <= 0) return;
  auto& moved = entry_of(state, runtime.memory, now);
  if (progress->bytes_done <= moved.bytes) return;
  moved.bytes = progress->bytes_done;
  moved.at = now;
}

double bytes_moved(const EngineState& state, const EngineSettings& settings, TimePoint now) {
  double bytes = 0;
  for (const auto& moved : state.moved) {
    if (counts(moved, settings, now)) bytes += moved.bytes;
  }
  return bytes;
}

void forget_old_bytes(EngineState& state, const EngineSettings& settings, TimePoint now) {
  std::erase_if(state.moved, [&](const MovedBytes& moved) {
    return !counts(moved, settings, now) && !still_told_of(state, moved);
  });
}

}  // namespace homeostat
