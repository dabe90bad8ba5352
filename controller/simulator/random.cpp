// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/random.hpp"

#include <algorithm>
#include <boost/random/binomial_distribution.hpp>
#include <boost/random/exponential_distribution.hpp>
#include <boost/random/normal_distribution.hpp>
#include <boost/random/poisson_distribution.hpp>

namespace homeostat {
namespace {

/// Neighbouring seeds must not give neighbouring streams (splitmix64; Steele, Lea & Flood 2014).
std::uint64_t mixed(std::uint64_t seed, std::uint64_t stream) {
  std::uint64_t value = seed + (stream + 1) * 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

}  // namespace

Random::Random(std::uint64_t seed, std::uint64_t stream) : engine_(mixed(seed, stream)) {}

double Random::uniform() { return static_cast<double>(engine_() >> 11U) * 0x1.0p-53; }

double Random::between(double low, double high) { return low + (high - low) * uniform(); }

double Random::normal() { return boost::random::normal_distribution<double>()(engine_); }

double Random::exponential(double mean) {
  return boost::random::exponential_distribution<double>(1 / mean)(engine_);
}

int Random::poisson(double mean) {
  return mean > 0 ? boost::random::poisson_distribution<int, double>(mean)(engine_) : 0;
}

int Random::binomial(int trials, double probability) {
  const double clamped = std::clamp(probability, 0.0, 1.0);
  if (trials <= 0 || clamped <= 0) return 0;
  return boost::random::binomial_distribution<int, double>(trials, clamped)(engine_);
}

}  // namespace homeostat
