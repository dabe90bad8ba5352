// SPDX-License-Identifier: Apache-2.0
// A quantity over time, thinned out as it comes: the lowest and highest value in each of a few
// hundred slots of equal length, so that a chart shows every peak however long the recording is.
#pragma once

#include <cstddef>
#include <vector>

#include "policies/model/time.hpp"

namespace homeostat {

class Envelope {
 public:
  /// Never more slots than this: as many as a chart has columns.
  static constexpr std::size_t kMostSlots = 720;

  struct Slot {
    double low = 0;
    double high = 0;
    bool seen = false;  ///< otherwise the two mean nothing
    bool gap = false;   ///< in it the quantity was not known, which a line must not hide
  };

  /// `slot`: the shortest that a slot may be, above 0. It doubles as time goes on.
  explicit Envelope(Duration slot) : slot_(slot) {}

  // Times count from the beginning of the recording; what lies before it is ignored.
  void add(Duration at, double value);
  void add_gap(Duration at);
  /// The value stood from `from` until just before `until`.
  void hold(Duration from, Duration until, double value);
  /// Makes room until `until`, so that envelopes of one recording have the same slots.
  void cover(Duration until);
  /// Takes in another one over the same time.
  void merge(const Envelope& other);

  Duration slot() const { return slot_; }
  const std::vector<Slot>& slots() const { return slots_; }
  bool empty() const;

 private:
  Slot* at(Duration time);
  void double_slots();

  Duration slot_;
  std::vector<Slot> slots_;
};

}  // namespace homeostat
