// SPDX-License-Identifier: Apache-2.0
#include "probes/arrival_rise.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;

/// Readings a second apart, beside a mean that somebody else keeps.
struct Arrivals {
  ArrivalRise rise;
  TimePoint now{};
  std::int64_t arrived = 0;

  bool more(std::int64_t events, std::optional<double> mean) {
    now += 1s;
    arrived += events;
    return rise.add(arrived, now, mean);
  }
};

TEST_CASE("twice in a row many more than the mean is a rise, once is a burst") {
  Arrivals events;
  CHECK_FALSE(events.more(100, std::nullopt));
  CHECK_FALSE(events.more(100, 100.0));
  CHECK_FALSE(events.more(1000, 100.0));
  // The mean has taken the first of them in already: it is that before both which counts.
  CHECK(events.more(1000, 600.0));
  CHECK_FALSE(events.more(1000, 1000.0));

  CHECK_FALSE(events.more(9000, 1000.0));
  CHECK_FALSE(events.more(0, 1000.0));
  CHECK_FALSE(events.more(9000, 1000.0));
}

TEST_CASE("less than twice the mean is none, nor what chance makes of few events") {
  Arrivals events;
  events.more(0, std::nullopt);
  for (int i = 0; i < 5; ++i) CHECK_FALSE(events.more(199, 100.0));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(events.more(4, 1.0));
  CHECK_FALSE(events.more(5, 1.0));
  CHECK(events.more(5, 1.0));
}

TEST_CASE("from idle, and without a mean") {
  Arrivals events;
  events.more(0, std::nullopt);
  CHECK_FALSE(events.more(500, 0.0));
  CHECK(events.more(500, 250.0));
  CHECK_FALSE(events.more(9000, std::nullopt));
  CHECK_FALSE(events.more(9000, std::nullopt));
}

TEST_CASE("events are counted by the time between two readings, none of which is twice") {
  ArrivalRise rise;
  TimePoint now{};
  rise.add(0, now, std::nullopt);
  CHECK_FALSE(rise.add(1000, now += 10s, 100.0));
  CHECK_FALSE(rise.add(2000, now += 10s, 100.0));
  CHECK_FALSE(rise.add(9000, now, 100.0));
  CHECK_FALSE(rise.add(9500, now += 1s, 100.0));
  CHECK(rise.add(10000, now += 1s, 100.0));
}

}  // namespace
}  // namespace homeostat::testing
