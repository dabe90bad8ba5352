// SPDX-License-Identifier: Apache-2.0
// One deadline for several calls in a row. Internal to what speaks Kafka.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "policies/model/time.hpp"

namespace homeostat::kafka {

/// When a reading or a write must be over: what is left of it goes to each of its calls.
class Until {
 public:
  explicit Until(Duration allowed) : at_{std::chrono::steady_clock::now() + allowed} {}
  /// 0 when it has passed.
  int left_ms() const {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(at_ - std::chrono::steady_clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

 private:
  std::chrono::steady_clock::time_point at_;
};

}  // namespace homeostat::kafka
