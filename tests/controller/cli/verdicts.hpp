// SPDX-License-Identifier: Apache-2.0
// Evidence and verdicts that texts are made of.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>

#include "policies/model/codec.hpp"
#include "policies/model/verdict.hpp"
#include "tests/controller/api/reports.hpp"

namespace homeostat::testing {

inline const WallTime kWall{std::chrono::seconds{1'767'268'805}};  // 2026-01-01 12:00:05 UTC

inline Evidence blocked_ratio(double cusum, bool tripped) {
  return {"pg_blocked_ratio",
          Quality::whole,
          AbsentReason::none,
          3,
          40,
          0.0777,
          cusum,
          0.15,
          tripped,
          false};
}

inline Evidence lock_wait(double seconds) {
  Evidence evidence;
  evidence.signal = "pg_lock_wait_max_seconds";
  evidence.quality = Quality::whole;
  evidence.reason = AbsentReason::none;
  evidence.numerator = seconds;
  evidence.judged = seconds;
  return evidence;
}

inline Verdict quiet_verdict() {
  Verdict verdict;
  verdict.policy = "circuit-breaker";
  verdict.rungs = 2;
  verdict.evidence.push_back(blocked_ratio(0.41, false));
  verdict.gates.push_back({GateKind::freshness, 0, 0.8, 10, 9.2, true});
  verdict.gates.push_back({GateKind::trip, 0, 0.41, 1, -0.59, false});
  verdict.gates.push_back({GateKind::backstop, 0, 0.15, 0.2, -0.05, false});
  return verdict;
}

/// A policy as text is given it.
inline nlohmann::json breaker_json() {
  auto policy = breaker();
  policy.blocked_while = {"shard-imbalance"};
  return to_json(policy);
}

}  // namespace homeostat::testing
