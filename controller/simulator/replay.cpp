// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/replay.hpp"

#include <utility>

namespace homeostat {

Replay::Replay(PolicySet policies) : policies_(std::move(policies)) {}

std::optional<Decision> Replay::step(const JournalStep& step, bool begins) {
  if (begins) state_ = EngineState{};
  if (!step.decided) {
    state_ = EngineState{};  // as the daemon forgets at its end
    return std::nullopt;
  }
  if (step.basis && step.basis->resumed) {
    const Resumption& kept = *step.basis->resumed;
    state_ =
        resumed(policies_, kept.memories, step.at, kept.acts, kept.values, kept.braked, kept.moved);
  }
  Snapshot snapshot;
  for (const auto& sample : step.samples) put(snapshot, sample);
  snapshot.bar = step.bar;
  snapshot.wall = step.wall;
  snapshot.paused = step.paused;
  snapshot.acks = step.acks;
  snapshot.jobs = step.jobs;
  snapshot.not_started = step.not_started;
  snapshot.sessions_ended = step.sessions_ended;
  auto decision = decide(policies_, snapshot, std::move(state_), step.at);
  state_ = std::move(decision.state);
  return decision;
}

}  // namespace homeostat
