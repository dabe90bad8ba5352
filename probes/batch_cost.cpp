// SPDX-License-Identifier: Apache-2.0
#include "probes/batch_cost.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace homeostat {
namespace {

constexpr double kFewestBatches = 20;
constexpr double kLeastSpread = 0.01;  // standard deviation of n by its mean
constexpr double kLeastCertain = 2;    // that, times the square root of the number of batches

Error no_line(std::string why) { return {ErrorCode::not_found, std::move(why)}; }

}  // namespace

Result<BatchCost> fit(const BatchSums& sums) {
  if (sums.batches < kFewestBatches || sums.events <= 0) {
    return no_line("too few batches to tell what one costs");
  }
  // batches² times the variance of n, and times the covariance of n and t.
  const double spread = sums.batches * sums.events_squared - sums.events * sums.events;
  const double rise = sums.batches * sums.events_busy - sums.events * sums.busy_seconds;
  const double relative = spread / (sums.events * sums.events);  // squared
  if (relative < kLeastSpread * kLeastSpread ||
      relative * sums.batches < kLeastCertain * kLeastCertain) {
    return no_line("batches of about one size do not tell what another size would cost");
  }
  BatchCost cost;
  cost.per_event = std::max(0.0, rise / spread);
  cost.per_batch = (sums.busy_seconds - cost.per_event * sums.events) / sums.batches;
  if (cost.per_batch <= 0) return no_line("what batches took leaves nothing for a batch itself");
  return cost;
}

bool keeps_up(const BatchCost& cost, double rate) { return rate * cost.per_event < kUtilisation; }

double efficient_batch(const BatchCost& cost, double rate) {
  if (!keeps_up(cost, rate)) return kMostEvents;
  const double events = rate * cost.per_batch / (kUtilisation - rate * cost.per_event);
  return std::clamp(events, 1.0, kMostEvents);
}

}  // namespace homeostat
