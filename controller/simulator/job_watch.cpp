// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/job_watch.hpp"

namespace homeostat {

void JobWatch::end(Run& run, Elapsed balanced) {
  score_.balanced.push_back(balanced);
  score_.bytes += run.bytes;
  run = {};
}

void JobWatch::see(const Verdict& verdict) {
  auto& run = runs_[verdict.subject];
  if (verdict.step == Step::started) {
    ++score_.starts;
    run.started = verdict.at;
  }
  if (is_forward(verdict.step)) ++score_.parts;
  run.running = verdict.state == BreakerState::open;
  if (!run.started) return;
  if (verdict.job) run.bytes = verdict.job->bytes_done;
  if (verdict.step == Step::finished) {
    end(run, to_seconds(verdict.at - *run.started));
  } else if (verdict.state == BreakerState::closed) {
    end(run, std::nullopt);  // failed, or stopped for good
  }
}

void JobWatch::pass(Duration step) {
  for (const auto& [subject, run] : runs_) {
    if (run.running) score_.ran += step;
  }
}

JobScore JobWatch::finish() {
  for (auto& [subject, run] : runs_) {
    if (run.started) end(run, std::nullopt);
  }
  return score_;
}

}  // namespace homeostat
