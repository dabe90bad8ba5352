// SPDX-License-Identifier: Apache-2.0
// Events that wait for a consumer, by when they came: in stretches, for one by one would be too
// slow at 100,000 a second.
#pragma once

#include <deque>
#include <vector>

namespace homeostat {

/// So many events, spread evenly over the time in which they came. Times in seconds.
struct Stretch {
  double from = 0;
  double to = 0;
  double count = 0;  ///< a whole number
};

class Backlog {
 public:
  /// REQUIRES: it begins where the one before ends, or later.
  void add(const Stretch& stretch);

  /// Takes the oldest, at most `most` events, and puts them after `taken`. How many there were.
  double take(double most, std::vector<Stretch>& taken);

  bool empty() const { return waiting_.empty(); }
  double events() const { return events_; }
  /// When the oldest came, on average. REQUIRES: not empty.
  double oldest() const;

 private:
  std::deque<Stretch> waiting_;
  double events_ = 0;
};

}  // namespace homeostat
