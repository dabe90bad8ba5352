// SPDX-License-Identifier: Apache-2.0
// Chance that is the same on every machine: Boost.Random, never the distributions of <random>,
// which each standard library makes in its own way.
#pragma once

#include <boost/random/mersenne_twister.hpp>
#include <cstdint>

namespace homeostat {

/// One stream of random numbers. The same seed and stream give the same numbers.
class Random {
 public:
  /// `stream` keeps what one part draws apart from what another does: the incidents of a seed stay
  /// where they are when the sensor's noise is switched off.
  Random(std::uint64_t seed, std::uint64_t stream);

  double uniform();                              ///< 0 <= x < 1
  double between(double low, double high);       ///< low <= x < high
  double normal();                               ///< mean 0, standard deviation 1
  double exponential(double mean);               ///< mean > 0
  int poisson(double mean);                      ///< mean >= 0
  int binomial(int trials, double probability);  ///< probability is clamped to 0..1
  bool chance(double probability) { return uniform() < probability; }

 private:
  boost::random::mt19937_64 engine_;
};

}  // namespace homeostat
