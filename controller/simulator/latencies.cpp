// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/latencies.hpp"

#include <algorithm>

namespace homeostat {
namespace {

constexpr int kHalvings = 24;  // to a hundred-thousandth of a per cent of the longest

}  // namespace

void Latencies::clear() {
  spreads_.clear();
  count_ = 0;
  sum_ = 0;
}

void Latencies::add(const Stretch& events, double done) {
  spreads_.push_back({done - events.to, done - events.from, events.count});
  count_ += events.count;
  sum_ += events.count * (done - (events.from + events.to) / 2);
}

double Latencies::mean() const { return count_ > 0 ? sum_ / count_ : 0; }

double Latencies::within(double limit) const {
  if (count_ <= 0) return 1;
  double done = 0;
  for (const auto& spread : spreads_) {
    const double width = spread.most - spread.least;
    const double part =
        width > 0 ? (limit - spread.least) / width : (limit >= spread.least ? 1 : 0);
    done += spread.count * std::clamp(part, 0.0, 1.0);
  }
  return done / count_;
}

double Latencies::quantile(double share) const {
  double low = 0;
  double high = 0;
  for (const auto& spread : spreads_) high = std::max(high, spread.most);
  for (int halving = 0; halving < kHalvings; ++halving) {
    const double middle = (low + high) / 2;
    (within(middle) < share ? low : high) = middle;
  }
  return high;
}

}  // namespace homeostat
