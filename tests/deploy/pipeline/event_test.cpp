// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/event.hpp"

#include <catch2/catch.hpp>

#include "deploy/demo/pipeline/event_maker.hpp"

namespace melodyud {
namespace {

TEST_CASE("an event that was written is read back whole") {
  EventMaker maker{100, 7};
  for (int i = 0; i < 200; ++i) {
    const auto event = maker.next(1'700'000'000'000'000 + i);
    CHECK(decode(encode(event)) == event);
  }
}

TEST_CASE("what is not wholly an event is none") {
  const std::string good = "play\t1\t2\t3\t0\t4";
  REQUIRE(decode(good).has_value());
  for (const auto* bad : {"", "play", "stop\t1\t2\t3\t0\t4", "play\t1\t2\t3\t0",
                          "play\t1\t2\t3\t0\t4\t5", "play\tx\t2\t3\t0\t4", "play\t1 \t2\t3\t0\t4",
                          "play\t\t2\t3\t0\t4", "play\t99999999999999999999\t2\t3\t0\t4"}) {
    INFO(bad);
    CHECK_FALSE(decode(bad).has_value());
  }
}

TEST_CASE("two runs of a producer give no event the same id") {
  EventMaker one{10, 1};
  EventMaker other{10, 1};
  const auto first = one.next(0);
  const auto second = other.next(0);
  CHECK(first.track_id == second.track_id);
  CHECK(first.event_id != second.event_id);
  CHECK(one.next(0).event_id == first.event_id + 1);
}

}  // namespace
}  // namespace melodyud
