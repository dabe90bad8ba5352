// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/backlog.hpp"

#include <algorithm>

namespace homeostat {
namespace {

/// Who is that many stretches behind is seconds behind: then finer ones than this tell nothing.
constexpr std::size_t kFineStretches = 2000;
constexpr double kCoarseSeconds = 0.1;

}  // namespace

void Backlog::add(const Stretch& stretch) {
  events_ += stretch.count;
  const bool coarse = waiting_.size() >= kFineStretches;
  if (!coarse || stretch.to - waiting_.back().from > kCoarseSeconds) {
    waiting_.push_back(stretch);
    return;
  }
  waiting_.back().to = stretch.to;
  waiting_.back().count += stretch.count;
}

double Backlog::take(double most, std::vector<Stretch>& taken) {
  double count = 0;
  while (!waiting_.empty() && count < most) {
    auto& next = waiting_.front();
    const double part = std::min(next.count, most - count);
    const double until = next.from + (next.to - next.from) * part / next.count;
    taken.push_back({next.from, until, part});
    count += part;
    next.from = until;
    next.count -= part;
    if (next.count <= 0) waiting_.pop_front();
  }
  events_ -= count;
  return count;
}

double Backlog::oldest() const {
  const auto& first = waiting_.front();
  return first.from + (first.to - first.from) / (first.count + 1);
}

}  // namespace homeostat
