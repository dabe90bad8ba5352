// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/envelope.hpp"

#include <algorithm>
#include <cmath>

namespace homeostat {
namespace {

void take(Envelope::Slot& slot, double low, double high) {
  slot.low = slot.seen ? std::min(slot.low, low) : low;
  slot.high = slot.seen ? std::max(slot.high, high) : high;
  slot.seen = true;
}

void take(Envelope::Slot& slot, const Envelope::Slot& other) {
  if (other.seen) take(slot, other.low, other.high);
  slot.gap = slot.gap || other.gap;
}

}  // namespace

void Envelope::double_slots() {
  for (std::size_t pair = 0; 2 * pair < slots_.size(); ++pair) {
    auto both = slots_[2 * pair];
    if (2 * pair + 1 < slots_.size()) take(both, slots_[2 * pair + 1]);
    slots_[pair] = both;
  }
  slots_.resize((slots_.size() + 1) / 2);
  slot_ *= 2;
}

Envelope::Slot* Envelope::at(Duration time) {
  if (time < Duration{}) return nullptr;
  while (time / slot_ >= static_cast<Duration::rep>(kMostSlots)) double_slots();
  const auto number = static_cast<std::size_t>(time / slot_);
  if (number >= slots_.size()) slots_.resize(number + 1);
  return &slots_[number];
}

void Envelope::add(Duration at_time, double value) {
  if (!std::isfinite(value)) return add_gap(at_time);
  if (auto* slot = at(at_time)) take(*slot, value, value);
}

void Envelope::add_gap(Duration at_time) {
  if (auto* slot = at(at_time)) slot->gap = true;
}

void Envelope::hold(Duration from, Duration until, double value) {
  if (until <= from || until <= Duration{}) return;
  at(until - Duration{1});
  const auto first = static_cast<std::size_t>(std::max(from, Duration{}) / slot_);
  const auto last = static_cast<std::size_t>((until - Duration{1}) / slot_);
  for (auto number = first; number <= last; ++number) take(slots_[number], value, value);
}

void Envelope::cover(Duration until) {
  if (until > Duration{}) at(until - Duration{1});
}

void Envelope::merge(const Envelope& other) {
  while (slot_ < other.slot_) double_slots();
  Envelope same = other;
  while (same.slot_ < slot_) same.double_slots();
  if (slots_.size() < same.slots_.size()) slots_.resize(same.slots_.size());
  for (std::size_t number = 0; number < same.slots_.size(); ++number) {
    take(slots_[number], same.slots_[number]);
  }
}

bool Envelope::empty() const {
  return std::none_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.seen; });
}

}  // namespace homeostat
