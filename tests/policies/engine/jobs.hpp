// SPDX-License-Identifier: Apache-2.0
// A job that balances shards, and a world with a time of day in which it is driven.
#pragma once

#include <chrono>
#include <optional>

#include "tests/policies/engine/world.hpp"

namespace homeostat::testing {

inline constexpr const char* kImbalance = "citus_node_cv";
inline const LeverKey kRebalance{"rebalance", "cluster"};

inline Arm imbalance_arm(double above, bool early = false) {
  Arm arm = level_arm(above, above - 0.05);
  arm.signal = kImbalance;
  arm.clear_level.reset();
  arm.early = early;
  return arm;
}

/// Minutes of each day.
inline TimeInterval daily(int begin, int end) {
  TimeInterval interval;
  interval.times = {{begin, end}};
  return interval;
}

/// On Sundays from 03:00 to 07:00, above 0.4; early above 0.5; ten minutes at a time, the rest in
/// the nights from 03:00 to 05:00.
/// The name of shard_balance().
inline const std::string kShardBalance = "shard-balance";

inline Policy shard_balance() {
  Policy policy;
  policy.name = "shard-balance";
  policy.kind = PolicyKind::job;
  policy.mode = Mode::enforce;
  policy.hash = "c0ffee";
  policy.open.arms = {imbalance_arm(0.4)};
  Act run;
  run.lever = "rebalance";
  run.value.arguments["deviation"] = 0.1;
  policy.ladder = {run};
  Job job;
  job.windows = {daily(3 * 60, 7 * 60)};
  job.windows[0].weekdays = {{0, 0}};
  job.resume = {daily(3 * 60, 5 * 60)};
  job.budget.time = seconds(600);
  policy.job = job;
  return policy;
}

/// The first Sunday of 2026 at 00:00 UTC.
inline const WallTime kSunday{std::chrono::sys_days{std::chrono::year{2026} / 1 / 4}};

class JobWorld : public World {
 public:
  explicit JobWorld(std::vector<Policy> policies, WallTime begin = kSunday + std::chrono::hours{3})
      : World(std::move(policies)), begin_(begin) {
    set.levers["rebalance"] = {true, false, true, false, true};
    set.settings.cluster_per_hour = 10;
    step = seconds(30);
  }

  /// Steps until `time` has passed, with the imbalance that stands.
  void pass(Duration time) {
    for (const auto end = now + time; now < end;) {
      observe();
      tick();
    }
  }
  /// One step.
  Step once() {
    pass(step);
    return verdicts.back().step;
  }
  /// Steps until the time of day is `wanted`.
  void until(WallTime wanted) { pass(wanted - wall()); }

  WallTime wall() const { return begin_ + (now - origin()); }
  JobProgress& report(JobPhase phase) {
    auto& progress = snapshot.jobs[kRebalance];
    progress.phase = phase;
    return progress;
  }
  /// The one who carries it out has begun, just now.
  JobProgress& begins() {
    auto& progress = report(JobPhase::running);
    progress = {};
    progress.started = now;
    return progress;
  }
  bool runs() const { return !last.desired.empty() && last.desired.front().key == kRebalance; }

  std::optional<double> imbalance = 0.45;  ///< nothing: absent
  bool clock = true;

 private:
  void observe() {
    snapshot.wall =
        clock ? wall() : WallTime{std::chrono::minutes{5}};  // of a machine just started
    if (imbalance) {
      put(snapshot, gauge(kImbalance, {}, *imbalance, now));
    } else {
      put_absent(kImbalance);
    }
  }

  WallTime begin_;
};

inline bool passed(const World& world, GateKind kind) {
  const auto* const gate = gate_of(latest(world), kind);
  return gate != nullptr && gate->passed;
}
inline bool said_no(const World& world, GateKind kind) {
  const auto* const gate = gate_of(latest(world), kind);
  return gate != nullptr && !gate->passed;
}

}  // namespace homeostat::testing
