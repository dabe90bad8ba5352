// SPDX-License-Identifier: Apache-2.0
// What a batch of events costs its consumer, and how many events it should hold for that. Pure.
#pragma once

#include "policies/model/error.hpp"

namespace homeostat {

/// Over batches of n events, each of which took t seconds from its first statement to after its
/// commit.
struct BatchSums {
  double batches = 0;
  double events = 0;          ///< sum of n
  double busy_seconds = 0;    ///< sum of t
  double events_squared = 0;  ///< sum of n * n
  double events_busy = 0;     ///< sum of n * t
};

/// t = per_batch + per_event * n, in seconds.
struct BatchCost {
  double per_batch = 0;  ///< above 0
  double per_event = 0;  ///< not below 0
};

/// The line through these batches by least squares. Where it would fall, events cost nothing and
/// all of the time is the batches': an estimate that asks for larger ones, not for smaller.
///
/// An Error (`not_found`) says why there is no line: fewer than 20 batches; all of about one size,
/// which says nothing of what another size would take (the standard deviation of n below 1 % of its
/// mean, or below 2 / sqrt(batches) of it: the error of per_event * n would be half of what a
/// batch's time varies, or more); or a line that leaves nothing for the batch itself, which no
/// commit is.
Result<BatchCost> fit(const BatchSums& sums);

/// Of a consumer's time, what batches may take: the rest is for bursts.
inline constexpr double kUtilisation = 0.8;
/// What a batch holds at most: the usual drain limit, policy batch-window.
inline constexpr double kMostEvents = 10'000;

/// Events that a batch must hold so that one consumer to whom `rate` events a second come is busy
/// for kUtilisation of its time: rate * per_batch / (kUtilisation - rate * per_event), from 1 to
/// kMostEvents. kMostEvents, too, when no batch is large enough for that rate: see keeps_up().
double efficient_batch(const BatchCost& cost, double rate);

/// Whether there is a size of batches at which one consumer is busy for kUtilisation of its time.
bool keeps_up(const BatchCost& cost, double rate);

}  // namespace homeostat
