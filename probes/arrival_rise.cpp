// SPDX-License-Identifier: Apache-2.0
#include "probes/arrival_rise.hpp"

#include <algorithm>
#include <cmath>

namespace homeostat {
namespace {

constexpr double kTimes = 2;
constexpr double kDeviations = 3;

bool many_more(double arrived, double expected) {
  return arrived > kTimes * expected &&
         arrived - expected > kDeviations * std::sqrt(std::max(expected, 1.0));
}

}  // namespace

bool ArrivalRise::add(std::int64_t arrived, TimePoint taken, std::optional<double> mean) {
  const auto last = last_;
  last_ = Seen{taken, arrived};
  const auto usual = before_ ? before_ : mean;
  const bool first = !before_.has_value();
  before_.reset();
  if (!last || !usual || taken <= last->taken) return false;
  const double expected = *usual * to_seconds(taken - last->taken);
  if (!many_more(static_cast<double>(arrived - last->arrived), expected)) return false;
  if (first) before_ = usual;
  return !first;
}

}  // namespace homeostat
