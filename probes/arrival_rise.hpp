// SPDX-License-Identifier: Apache-2.0
// Notices that events have begun to arrive much faster. Pure, as PartitionProgress.
#pragma once

#include <cstdint>
#include <optional>

#include "policies/model/time.hpp"

namespace homeostat {

/// A mean over some seconds follows a step of the rate only after those seconds, and lag grows
/// meanwhile. Between two readings in a row in which more than twice as many events arrive as the
/// mean before them would have it, and more than chance makes (three standard deviations of a
/// Poisson count), the mean is outdated. One such reading is a burst. A rate that falls is left to
/// the mean: that costs some small batches, and a pause between bursts is no lower rate.
class ArrivalRise {
 public:
  /// One more reading: events that ever arrived, and their rate (a second) by the mean before it.
  /// Whether what lies before the last reading is outdated. `taken` never goes back.
  bool add(std::int64_t arrived, TimePoint taken, std::optional<double> mean);

 private:
  struct Seen {
    TimePoint taken{};
    std::int64_t arrived = 0;
  };
  std::optional<Seen> last_;
  std::optional<double> before_;  ///< the mean before the rise that is to be confirmed
};

}  // namespace homeostat
