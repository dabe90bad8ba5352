// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/lock_storm.hpp"

namespace homeostat {
namespace {

/// The contention that puts both points on one curve: its peak lies at sqrt((1 - s) / conflict), so
/// that conflict follows from s, and the ratio of the two throughputs gives a linear equation.
double contention(const LockStormParameters& p) {
  const double peak = p.peak_connections;
  const double most = p.max_connections;
  const double pairs_at_peak = peak * (peak - 1) / (peak * peak);
  const double pairs_at_most = most * (most - 1) / (peak * peak);
  const double ratio = p.peak_throughput / p.throughput_at_max * most / peak;
  return (ratio * (1 + pairs_at_peak) - (1 + pairs_at_most)) /
         ((most - 1 - pairs_at_most) - ratio * (peak - 1 - pairs_at_peak));
}

}  // namespace

bool Throughput::possible(const LockStormParameters& parameters) {
  if (parameters.max_connections <= parameters.peak_connections) return false;
  const double found = contention(parameters);
  return found >= 0 && found < 1;
}

Throughput::Throughput(const LockStormParameters& parameters)
    : contention_(contention(parameters)) {
  const double peak = parameters.peak_connections;
  conflict_ = (1 - contention_) / (peak * peak);
  rate_ = parameters.peak_throughput * slowdown(peak) / peak;
}

double Throughput::slowdown(double connections) const {
  return 1 + contention_ * (connections - 1) + conflict_ * connections * (connections - 1);
}

double Throughput::at(double connections) const {
  return connections > 0 ? rate_ * connections / slowdown(connections) : 0;
}

double Throughput::waiting_share(double connections) const {
  return connections > 1 ? 1 - 1 / slowdown(connections) : 0;
}

}  // namespace homeostat
