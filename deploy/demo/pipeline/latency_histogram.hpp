// SPDX-License-Identifier: Apache-2.0
// How long events took from when they happened until they were in PostgreSQL: counts in buckets
// whose upper bounds grow by 5 % each, so that those of several seconds can be added up by whoever
// reads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>

namespace melodyud {

class LatencyHistogram {
 public:
  /// Below 0 (the producer's clock is ahead of ours) counts as 0.
  void add(std::int64_t microseconds) {
    const auto at_least_one = static_cast<double>(std::max<std::int64_t>(microseconds, 1));
    ++counts_[static_cast<int>(std::ceil(std::log(at_least_one) / std::log(kGrowth)))];
  }

  /// Calls visit(upper bound in microseconds, count) for each bucket that is not empty.
  template <class Visitor>
  void for_each(Visitor visit) const {
    for (const auto& [bucket, count] : counts_) visit(std::pow(kGrowth, bucket), count);
  }

  void clear() { counts_.clear(); }

 private:
  static constexpr double kGrowth = 1.05;
  std::map<int, std::int64_t> counts_;
};

}  // namespace melodyud
