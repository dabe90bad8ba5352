// SPDX-License-Identifier: Apache-2.0
// How long events took, from their arrival to the commit of their batch.
#pragma once

#include <vector>

#include "controller/simulator/backlog.hpp"

namespace homeostat {

/// Of the events of one step. Times in seconds.
class Latencies {
 public:
  void clear();
  /// These events were committed at `done`.
  void add(const Stretch& events, double done);

  bool empty() const { return spreads_.empty(); }
  double mean() const;  ///< 0 when empty
  /// Within what time that share of them was done; 0 when empty.
  double quantile(double share) const;
  /// The share that was done within `limit`; 1 when empty.
  double within(double limit) const;

 private:
  /// So many, spread evenly between the two.
  struct Spread {
    double least = 0;
    double most = 0;
    double count = 0;
  };
  std::vector<Spread> spreads_;
  double count_ = 0;
  double sum_ = 0;
};

}  // namespace homeostat
