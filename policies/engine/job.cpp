// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/job.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "policies/engine/bench.hpp"
#include "policies/engine/calendar.hpp"
#include "policies/engine/condition.hpp"
#include "policies/engine/effects.hpp"
#include "policies/engine/job_bytes.hpp"
#include "policies/engine/job_gates.hpp"
#include "policies/engine/job_trigger.hpp"
#include "policies/engine/reason.hpp"

namespace homeostat {
namespace {

const JobProgress* progress_of(const Evaluation& evaluation, const Snapshot& snapshot) {
  return progress_of(evaluation.set.settings, evaluation.policy, evaluation.runtime, snapshot);
}

JobMemory& memory_of(Evaluation& evaluation) {
  auto& job = evaluation.runtime.memory.job;
  if (!job) job.emplace();
  return *job;
}

void enter(Evaluation& evaluation, BreakerState state) {
  auto& memory = evaluation.runtime.memory;
  memory.state = state;
  memory.changed = evaluation.now;
  memory.rung = state == BreakerState::open ? 1 : 0;
  if (state != BreakerState::open) evaluation.runtime.reasons.clear();
}

/// A part begins: of a new run, or of the one that was stopped.
Step begin(Evaluation& evaluation, Step step, std::string_view what) {
  auto& runtime = evaluation.runtime;
  runtime.not_started.reset();
  enter(evaluation, BreakerState::open);
  runtime.memory.opened = evaluation.now;
  runtime.reasons.assign(1, forward_reason(evaluation, what));
  evaluation.verdict.took = 1;
  return step;
}

/// The run is over.
void end(Evaluation& evaluation, bool failed) {
  enter(evaluation, BreakerState::closed);
  auto& job = memory_of(evaluation);
  job.ended = evaluation.now;
  job.failed = failed;
}

void count_bytes(Evaluation& evaluation, const JobProgress* progress) {
  if (progress != nullptr) memory_of(evaluation).bytes_done += progress->bytes_done;
}

Step finish(Evaluation& evaluation, const JobProgress* progress) {
  count_bytes(evaluation, progress);
  end(evaluation, false);
  memory_of(evaluation).stop = JobStop::none;
  begin_promise(evaluation.policy, evaluation.runtime, evaluation.now);
  return Step::finished;
}

Step fail(Evaluation& evaluation, const JobProgress* progress) {
  count_bytes(evaluation, progress);
  end(evaluation, true);
  evaluation.runtime.pending.clear();  // nobody promised anything of half a job
  return Step::failed;
}

Step stop(Evaluation& evaluation, const JobProgress* progress, JobStop why) {
  count_bytes(evaluation, progress);
  memory_of(evaluation).stop = why;
  if (evaluation.policy.job->resume.empty()) {
    end(evaluation, false);
    evaluation.runtime.pending.clear();
  } else {
    enter(evaluation, BreakerState::half_open);
  }
  return Step::stopped;
}

Step from_idle(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards) {
  const bool clock = add_wall_clock(evaluation, snapshot);
  const bool inside = add_start_window(evaluation, snapshot);
  const bool due = add_at_most_every(evaluation);
  const bool rested = add_cooldown(evaluation);
  const auto when = job_condition(evaluation.policy, evaluation.arms, false).value_or(Truth::yes);
  const auto soon = job_condition(evaluation.policy, evaluation.arms, true).value_or(Truth::no);
  const bool its_time = inside && due;
  const bool early = soon == Truth::yes && !(its_time && when == Truth::yes);
  if (!early && !(its_time && when == Truth::yes)) {
    const bool blind = (its_time && when == Truth::unknown) || soon == Truth::unknown;
    return blind ? Step::unknown : Step::idle;
  }
  if (!rested) return Step::idle;
  // Each is asked, so that all that say no are named.
  const bool approved = add_approval(evaluation, snapshot);
  const bool alone = add_one_at_a_time(evaluation, snapshot, guards.state);
  const bool room = add_bytes_per_day(evaluation, guards.state);
  const bool not_benched = next_rung(evaluation) == 1;
  const bool ready = may_start(evaluation, guards) && clock && alone && room && not_benched;
  evaluation.verdict.job->waits_for_approval = ready && !approved;
  if (!ready || !approved) return Step::blocked;
  auto& job = memory_of(evaluation);
  job.started = evaluation.now;
  if (evaluation.policy.job->needs_approval) job.approvals_from = evaluation.now + kAgesDiffer;
  job.stop = JobStop::none;
  job.bytes_done = 0;
  job.chosen = chosen_by_trigger(evaluation);
  return begin(evaluation, Step::started, early ? "started early" : "started");
}

Step from_running(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards) {
  const auto* const progress = progress_of(evaluation, snapshot);
  if (progress != nullptr) {
    if (progress->phase == JobPhase::finished) return finish(evaluation, progress);
    if (progress->phase == JobPhase::failed) return fail(evaluation, progress);
    if (progress->phase == JobPhase::stopped) {
      return stop(evaluation, progress, JobStop::outside);
    }
  }
  const JobStop limit = exceeded_limit(evaluation, progress, guards);
  if (evaluation.runtime.share <= 0) {
    const auto& job = *evaluation.policy.job;
    const bool lasts = (job.budget.time || job.deadline) && limit == JobStop::none;
    return lasts ? Step::holding : finish(evaluation, nullptr);
  }
  return limit == JobStop::none ? Step::holding : stop(evaluation, progress, limit);
}

Step from_stopped(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards) {
  // It may have been done before it heard that it was to stop.
  const auto* const progress = progress_of(evaluation, snapshot);
  if (progress != nullptr && progress->phase == JobPhase::finished) {
    return finish(evaluation, nullptr);  // its bytes were counted when it was stopped
  }
  // Whoever stopped it, there is no time at which it could go on.
  if (evaluation.policy.job->resume.empty()) {
    end(evaluation, false);
    return Step::stopped;
  }
  const bool clock = add_wall_clock(evaluation, snapshot);
  if (!add_resume_window(evaluation, snapshot)) return Step::holding;
  const bool alone = add_one_at_a_time(evaluation, snapshot, guards.state);
  const bool room = add_bytes_per_day(evaluation, guards.state);
  if (!may_start(evaluation, guards) || !clock || !alone || !room) return Step::blocked;
  memory_of(evaluation).stop = JobStop::none;
  return begin(evaluation, Step::resumed, "resumed");
}

Step step(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards) {
  switch (evaluation.runtime.memory.state) {
    case BreakerState::closed:
      return from_idle(evaluation, snapshot, guards);
    case BreakerState::open:
      return from_running(evaluation, snapshot, guards);
    case BreakerState::half_open:
      return from_stopped(evaluation, snapshot, guards);
  }
  return Step::unknown;
}

/// What was said before this text of the policy was followed is no yes to it.
void begin_asking(Evaluation& evaluation) {
  if (!evaluation.policy.job->needs_approval) return;
  auto& job = memory_of(evaluation);
  if (!job.approvals_from) job.approvals_from = evaluation.now;
}

/// Of the part under way: whether it is only ordered. What is remembered when it ends stays until
/// the next one begins.
void follow_start(Evaluation& evaluation, const Snapshot& snapshot) {
  auto& runtime = evaluation.runtime;
  if (runtime.memory.state != BreakerState::open || runtime.share <= 0) return;
  runtime.not_started.reset();
  const auto key = lever_of(evaluation.policy, runtime.memory.subject, 1);
  const auto waits = snapshot.not_started.find(key);
  if (waits != snapshot.not_started.end()) runtime.not_started = waits->second;
}

void tell_status(const Evaluation& evaluation, const Snapshot& snapshot, JobStatus& status) {
  const auto& memory = evaluation.runtime.memory;
  const JobMemory job = memory.job.value_or(JobMemory{});
  status.stop = job.stop;
  status.failed = job.failed;
  status.bytes_done = job.bytes_done;
  if (memory.state != BreakerState::closed) status.chosen = job.chosen;
  status.not_started = evaluation.runtime.not_started;
  const auto* const progress = progress_of(evaluation, snapshot);
  if (memory.state != BreakerState::open) {
    const bool by_others = job.failed || job.stop == JobStop::outside;
    if (by_others && progress != nullptr) status.why = progress->why;
    return;
  }
  status.ran = evaluation.now - memory.opened;
  if (progress != nullptr) {
    status.bytes_done += progress->bytes_done;
    status.left = progress->left;
  }
}

}  // namespace

Step step_job(Evaluation& evaluation, const Snapshot& snapshot, const Guards& guards) {
  begin_asking(evaluation);
  follow_start(evaluation, snapshot);
  auto& status = evaluation.verdict.job.emplace();
  const Step taken = step(evaluation, snapshot, guards);
  tell_status(evaluation, snapshot, status);
  return taken;
}

}  // namespace homeostat
