// SPDX-License-Identifier: Apache-2.0
// Invariant 6: what clients that ask again can make of the load.
#include <cmath>

#include "controller/simulator/lock_storm.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

using loader::format_number;

constexpr double kP99 = 4.6051701859880914;  // of an exponential time, in its mean: ln 100

}  // namespace

std::vector<PlantFinding> LockStorm::findings() const {
  std::vector<PlantFinding> found;
  const auto& p = parameters_;
  const double asked = p.requests_per_second * (1 + p.retries);
  const double least = throughput_.at(p.max_connections);
  if (asked >= least) {
    found.push_back(
        {6, "vulnerable: " + format_number(p.requests_per_second, 2) + " requests a second with " +
                std::to_string(p.retries) + " retries become " + format_number(asked, 2) +
                ", and with all " + std::to_string(p.max_connections) +
                " connections in use the server manages " + format_number(least, 2) + " (margin " +
                format_number(least - asked, 2) + "): a storm may outlive its cause"});
  }
  const double concurrency = p.concurrency > 0 ? p.concurrency : p.max_connections;
  const double service = kP99 * concurrency / throughput_.at(concurrency);
  const double wait = to_seconds(p.queue_limit);
  const double timeout = to_seconds(p.client_timeout);
  if (wait + service >= timeout) {
    found.push_back({6, "who waits as long as it may (" + format_number(wait, 2) +
                            " s) and is served as slowly as one in a hundred (" +
                            format_number(service, 2) + " s) is later than the client's timeout (" +
                            format_number(timeout, 2) + " s): work for nobody"});
  }
  return found;
}

}  // namespace homeostat
