// SPDX-License-Identifier: Apache-2.0
// What a new leader believes of a job that the last one had started.
#include <catch2/catch.hpp>

#include "controller/loop/takeover.hpp"

using namespace homeostat;
using namespace std::chrono_literals;

namespace {

constexpr TimePoint kNow{100h};

PolicySet one_job() {
  Policy policy;
  policy.name = "shard-balance";
  policy.kind = PolicyKind::job;
  policy.mode = Mode::enforce;
  Act run;
  run.lever = "rebalance";
  policy.ladder = {run};
  policy.job = Job{};
  PolicySet set;
  set.policies = {policy};
  return set;
}

PolicyMemory memory(BreakerState state, Duration ago) {
  PolicyMemory memory;
  memory.policy = "shard-balance";
  memory.state = state;
  memory.rung = state == BreakerState::open ? 1 : 0;
  memory.changed = kNow - ago;
  memory.opened = kNow - ago;
  memory.job = JobMemory{kNow - ago, std::nullopt, false, JobStop::none, 0};
  if (state == BreakerState::half_open) memory.job->stop = JobStop::time_budget;
  return memory;
}

PolicyMemory believed(PolicyMemory memory, bool live_row = false) {
  LedgerImage image;
  image.memories = {std::move(memory)};
  if (live_row) {
    LedgerRow row;
    row.key = {"rebalance", "cluster"};
    row.policy = "shard-balance";
    row.remaining = 10s;
    image.rows = {row};
  }
  return alive(one_job(), image, kNow).front();
}

}  // namespace

TEST_CASE("takeover: a job whose lever stands goes on, and one that was just started does") {
  const auto long_ago = memory(BreakerState::open, 1h);
  CHECK(believed(long_ago, true) == long_ago);
  const auto just_now = memory(BreakerState::open, 1min);
  CHECK(believed(just_now) == just_now);
}

TEST_CASE("takeover: a job whose lever has lapsed was stopped by that, and waits to go on") {
  const auto found = believed(memory(BreakerState::open, 1h));
  CHECK(found.state == BreakerState::half_open);
  CHECK(found.rung == 0);
  CHECK(found.job->stop == JobStop::outside);
  CHECK(found.job->started == kNow - 1h);
}

TEST_CASE("takeover: a job that was stopped days ago still waits to go on") {
  const auto stopped = memory(BreakerState::half_open, 50h);
  CHECK(believed(stopped) == stopped);
}
