// SPDX-License-Identifier: Apache-2.0
// A digest of everything that decide() came to in a run: two runs that differ in one byte of one
// verdict have another one.
#pragma once

#include <cstdint>
#include <string>

#include "controller/simulator/simulation.hpp"

namespace homeostat {

class DecisionDigest {
 public:
  /// Every sample, verdict, effect, lever and memory of a step, as their codecs write them.
  void see(const SimulatedStep& step);

  std::int64_t ticks() const { return ticks_; }
  /// 16 hexadecimal digits; the same for the same bytes.
  const std::string& text() const { return digest_; }

 private:
  std::int64_t ticks_ = 0;
  std::string digest_;
};

}  // namespace homeostat
