// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/job_gates.hpp"

#include <algorithm>

#include "policies/engine/bench.hpp"
#include "policies/engine/calendar.hpp"
#include "policies/engine/job_bytes.hpp"
#include "policies/engine/timers.hpp"

namespace homeostat {
namespace {

bool add_yes_or_no(Evaluation& evaluation, GateKind kind, bool yes) {
  const double value = yes ? 1 : 0;
  add_gate(evaluation.verdict, kind, -1, value, 1, value - 1);
  return yes;
}

/// A clock that nobody has set counts from 1970.
constexpr WallTime kPlausible{std::chrono::sys_days{std::chrono::year{2000} / 1 / 1}};

bool knows_time(const Snapshot& snapshot) { return snapshot.wall >= kPlausible; }

/// Passes while there is something left.
bool add_limit(Evaluation& evaluation, GateKind kind, double used, double limit) {
  add_gate(evaluation.verdict, kind, -1, used, limit, limit - used, used < limit);
  return used < limit;
}

bool add_time_limit(Evaluation& evaluation, GateKind kind, TimePoint since, Duration limit) {
  const auto used = on_grid(evaluation.now - since, evaluation.set.settings.sample_every);
  return add_limit(evaluation, kind, to_seconds(used), to_seconds(limit));
}

/// Another policy's, or this one's about another subject.
bool runs_elsewhere(const Evaluation& evaluation, const EngineState& state, const LeverKey& key) {
  const auto& own = evaluation.runtime.memory;
  return std::any_of(state.policies.begin(), state.policies.end(), [&](const auto& entry) {
    const auto& [policy_name, subject] = entry.first;
    const auto& other = entry.second;
    const bool itself = policy_name == own.policy && subject == own.subject;
    if (itself || other.kind != PolicyKind::job ||
        (other.share > 0) != (evaluation.runtime.share > 0) ||
        other.memory.state != BreakerState::open) {
      return false;
    }
    const auto* const policy = find_policy(evaluation.set, policy_name);
    return policy != nullptr && lever_of(*policy, subject, 1) == key;
  });
}

}  // namespace

bool add_wall_clock(Evaluation& evaluation, const Snapshot& snapshot) {
  return add_yes_or_no(evaluation, GateKind::wall_clock, knows_time(snapshot));
}

bool add_start_window(Evaluation& evaluation, const Snapshot& snapshot) {
  const auto& windows = evaluation.policy.job->windows;
  if (windows.empty()) return true;
  const bool inside = knows_time(snapshot) && any_contains(windows, snapshot.wall);
  return add_yes_or_no(evaluation, GateKind::start_window, inside);
}

bool add_at_most_every(Evaluation& evaluation) {
  const auto& every = evaluation.policy.job->at_most_every;
  if (!every) return true;
  const auto& job = evaluation.runtime.memory.job;
  const Duration since = job && job->started ? evaluation.now - *job->started : *every;
  return add_time_gate(evaluation, GateKind::at_most_every, -1, since, *every);
}

bool add_cooldown(Evaluation& evaluation) {
  const Duration cooldown = evaluation.policy.job->cooldown;
  if (cooldown <= Duration{}) return true;
  const auto& job = evaluation.runtime.memory.job;
  const Duration since = job && job->ended ? evaluation.now - *job->ended : cooldown;
  return add_time_gate(evaluation, GateKind::cooldown, -1, since, cooldown);
}

bool add_approval(Evaluation& evaluation, const Snapshot& snapshot) {
  const auto& policy = evaluation.policy;
  if (!policy.job->needs_approval) return true;
  const auto scope = policy_scope(policy.name);
  const auto from = evaluation.runtime.memory.job->approvals_from;
  const auto& all = snapshot.acks;
  const bool given = std::any_of(all.begin(), all.end(), [&](const Acknowledgement& ack) {
    return ack.scope == scope && ack.at > *from;
  });
  return add_yes_or_no(evaluation, GateKind::approval, given);
}

bool add_one_at_a_time(Evaluation& evaluation, const Snapshot& snapshot, const EngineState& state) {
  const auto key = lever_of(evaluation.policy, evaluation.runtime.memory.subject, 1);
  const auto reported = snapshot.jobs.find(key);
  const bool somebody =
      reported != snapshot.jobs.end() && reported->second.phase == JobPhase::running;
  const bool free = !somebody && !runs_elsewhere(evaluation, state, key);
  return add_yes_or_no(evaluation, GateKind::one_at_a_time, free);
}

bool add_bytes_per_day(Evaluation& evaluation, const EngineState& state) {
  const auto& settings = evaluation.set.settings;
  const auto& levers = evaluation.set.levers;
  const auto lever = levers.find(evaluation.policy.ladder.front().lever);
  const bool moves = lever != levers.end() && lever->second.moves_bytes;
  if (!settings.bytes_per_day || !moves || evaluation.runtime.share <= 0) return true;
  const double used = bytes_moved(state, settings, evaluation.now);
  return add_limit(evaluation, GateKind::bytes_per_day, used, *settings.bytes_per_day);
}

bool add_resume_window(Evaluation& evaluation, const Snapshot& snapshot) {
  const auto& windows = evaluation.policy.job->resume;
  const auto stopped = snapshot.wall - (evaluation.now - evaluation.runtime.memory.changed);
  const bool inside = knows_time(snapshot) && any_contains(windows, snapshot.wall) &&
                      was_outside_since(windows, stopped, snapshot.wall);
  return add_yes_or_no(evaluation, GateKind::resume_window, inside);
}

JobStop exceeded_limit(Evaluation& evaluation, const JobProgress* progress, const Guards& guards) {
  const auto& [time, bytes] = evaluation.policy.job->budget;
  const auto& deadline = evaluation.policy.job->deadline;
  const TimePoint ordered = evaluation.runtime.memory.opened;
  const TimePoint began = progress != nullptr ? std::max(progress->started, ordered) : ordered;
  const double moved = progress != nullptr ? progress->bytes_done : 0;
  JobStop first = JobStop::none;
  const auto note = [&first](bool passed, JobStop limit) {
    if (!passed && first == JobStop::none) first = limit;
  };
  if (time) {
    note(add_time_limit(evaluation, GateKind::time_budget, began, *time), JobStop::time_budget);
  }
  if (bytes) {
    note(add_limit(evaluation, GateKind::byte_budget, moved, *bytes), JobStop::byte_budget);
  }
  note(add_bytes_per_day(evaluation, guards.state), JobStop::bytes_per_day);
  if (deadline) {
    note(add_time_limit(evaluation, GateKind::deadline, ordered, *deadline), JobStop::deadline);
  }
  note(may_go_on(evaluation, guards), JobStop::blocked);
  return first;
}

}  // namespace homeostat
