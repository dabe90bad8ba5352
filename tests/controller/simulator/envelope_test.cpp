// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/envelope.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace homeostat;
using namespace std::chrono_literals;

namespace {

std::size_t slot_at(const Envelope& values, Duration at) {
  return static_cast<std::size_t>(at / values.slot());
}

}  // namespace

TEST_CASE("envelope: short recordings keep every value in a slot of its own") {
  Envelope values(1s);
  for (int second = 0; second < 700; ++second) values.add(std::chrono::seconds{second}, second);
  REQUIRE(values.slots().size() == 700);
  CHECK(values.slot() == 1s);
  CHECK(values.slots()[123].low == 123);
  CHECK(values.slots()[123].high == 123);
}

TEST_CASE("envelope: two weeks are thinned out, and no peak is lost") {
  Envelope values(1s);
  const int peak = 777'777;
  for (int second = 0; second < 14 * 86'400; ++second) {
    values.add(std::chrono::seconds{second}, second == peak ? 5 : second == peak + 1 ? -5 : 1);
  }
  CHECK(values.slots().size() <= Envelope::kMostSlots);
  CHECK(values.slots().size() > Envelope::kMostSlots / 2);
  const auto& slot = values.slots()[slot_at(values, std::chrono::seconds{peak})];
  CHECK(slot.high == 5);
  const auto& next = values.slots()[slot_at(values, std::chrono::seconds{peak + 1})];
  CHECK(next.low == -5);
  CHECK(values.slots().front().high == 1);
}

TEST_CASE("envelope: what is not known is no value") {
  Envelope values(1s);
  CHECK(values.empty());
  values.add(3s, std::nan(""));
  values.add_gap(4s);
  CHECK(values.empty());
  CHECK(values.slots()[3].gap);
  CHECK(values.slots()[4].gap);
  CHECK_FALSE(values.slots()[2].gap);
  values.add(-1s, 7);  // before the beginning
  CHECK(values.empty());
}

TEST_CASE("envelope: what stands goes into every slot that it touches") {
  Envelope values(1s);
  values.hold(-10s, 3s, 2);
  values.hold(3s, 5s, 4);
  values.hold(9s, 9s, 100);  // for no time
  values.cover(7s);
  REQUIRE(values.slots().size() == 7);
  CHECK(values.slots()[0].high == 2);
  CHECK(values.slots()[2].high == 2);
  CHECK(values.slots()[3].low == 4);
  CHECK(values.slots()[4].high == 4);
  CHECK_FALSE(values.slots()[5].seen);
}

TEST_CASE("envelope: holding for longer than there are slots widens them") {
  Envelope values(1s);
  values.add(0s, 1);
  values.hold(2h, 3h, 9);
  CHECK(values.slots().size() <= Envelope::kMostSlots);
  CHECK(values.slots()[slot_at(values, 2h)].high == 9);
  CHECK(values.slots()[slot_at(values, 3h - 1s)].high == 9);
  CHECK(values.slots().front().high == 1);
  CHECK_FALSE(values.slots()[slot_at(values, 1h)].seen);
}

TEST_CASE("envelope: two of them are merged slot by slot, however wide theirs are") {
  Envelope one(1s);
  one.add(10s, 1);
  Envelope other(1s);
  other.add(10s, 3);
  other.add(20s, -2);
  other.cover(1h);
  one.merge(other);
  CHECK(one.slot() == other.slot());
  CHECK(one.slots()[slot_at(one, 10s)].low == 1);
  CHECK(one.slots()[slot_at(one, 10s)].high == 3);
  CHECK(one.slots()[slot_at(one, 20s)].low == -2);
}
