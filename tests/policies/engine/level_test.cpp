// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/level.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

struct Look {
  Arm arm = level_arm(0.4, 0.2, 2);
  ArmMemory memory;
  EngineSettings settings;
  TimePoint now = origin();

  LevelTest& test() { return std::get<LevelTest>(arm.test); }
  void at(const SignalReading& reading, double by = 5) {
    smooth_level(memory, arm, reading);
    look_at_level(memory, arm, test(), reading, now);
    now += seconds(by);
  }
  void value(double measured, double by = 5) {
    at({Quality::whole, AbsentReason::none, measured, 1, now}, by);
  }
  void empty() { at({Quality::empty, AbsentReason::none, 0, 0, now}); }
  void absent() { at({Quality::absent, AbsentReason::timeout, 0, 0, now}); }
  bool tripped() { return level_tripped(memory, test(), settings); }
};

}  // namespace

TEST_CASE("level: above and below are strict, on both sides of the hysteresis") {
  Look look;
  CHECK_FALSE(breached(look.test(), 0.4));
  CHECK(breached(look.test(), 0.41));
  CHECK_FALSE(level_clear(look.arm, look.test(), 0.2));
  CHECK(level_clear(look.arm, look.test(), 0.19));
  look.test().comparison = Comparison::below;
  look.arm.clear_level = 0.9;
  CHECK_FALSE(breached(look.test(), 0.4));
  CHECK(breached(look.test(), 0.39));
  CHECK(level_clear(look.arm, look.test(), 0.91));
  CHECK_FALSE(level_clear(look.arm, look.test(), 0.9));
  look.arm.clear_level.reset();
  CHECK(level_clear(look.arm, look.test(), 0.4));
}

TEST_CASE("level: trips after so many consecutive breached evaluations") {
  Look look;
  look.value(0.5);
  CHECK_FALSE(look.tripped());
  look.value(0.3);
  look.value(0.5);
  CHECK_FALSE(look.tripped());
  look.value(0.5);
  CHECK(look.tripped());
}

TEST_CASE("level: one reading seen twice is not two samples (S5)") {
  Look look;
  const SignalReading reading{Quality::whole, AbsentReason::none, 0.5, 1, look.now};
  look.at(reading);
  look.at(reading);
  CHECK_FALSE(look.tripped());
  look.value(0.5);
  CHECK(look.tripped());
}

TEST_CASE("level: `for` needs the breach without a break that long") {
  Look look;
  look.test().hold_for = seconds(20);
  for (int i = 0; i < 4; ++i) look.value(0.5);
  CHECK_FALSE(look.tripped());
  look.value(0.3);
  for (int i = 0; i < 4; ++i) look.value(0.5);
  CHECK_FALSE(look.tripped());
  look.value(0.5);
  CHECK(look.tripped());
}

TEST_CASE("level: a step that is a little early does not cost another evaluation") {
  Look look;
  look.test().hold_for = seconds(10);
  look.value(0.5, 9.998);
  look.value(0.5);
  CHECK(look.tripped());
}

TEST_CASE("level: absence freezes the streaks and its time counts for nothing (H1)") {
  Look look;
  look.test().hold_for = seconds(10);
  look.value(0.5);
  look.value(0.5);
  CHECK(look.memory.breached_time == seconds(5));
  look.absent();
  look.absent();
  look.value(0.5);
  CHECK(look.memory.breached_time == seconds(5));
  CHECK_FALSE(look.tripped());
  look.value(0.5);
  CHECK(look.tripped());
}

TEST_CASE("level: empty is clear and not breached (H2)") {
  Look look;
  look.value(0.5);
  look.value(0.5);
  REQUIRE(look.tripped());
  look.empty();
  CHECK_FALSE(look.tripped());
  CHECK(look.memory.clear);
}

TEST_CASE("level: clear time runs from the last look that was not clear") {
  Look look;
  look.value(0.1);
  CHECK(look.memory.clear_time == seconds(0));
  look.value(0.3);
  look.value(0.1);
  CHECK(look.memory.clear_time == seconds(5));
  look.absent();
  look.value(0.1);
  CHECK(look.memory.clear_time == seconds(5));
  look.value(0.1);
  CHECK(look.memory.clear_time == seconds(10));
}

TEST_CASE("level: smooth judges an EWMA of the readings with that time constant") {
  Look look;
  look.arm.smooth = seconds(10);
  look.value(0.0);
  look.value(1.0);
  REQUIRE(look.memory.smoothed);
  CHECK(*look.memory.smoothed == Approx(1 - std::exp(-0.5)));
  const SignalReading seen{Quality::whole, AbsentReason::none, 1, 1, *look.memory.smoothed_at};
  smooth_level(look.memory, look.arm, seen);
  CHECK(*look.memory.smoothed == Approx(1 - std::exp(-0.5)));
  look.absent();
  CHECK(look.memory.smoothed);
  look.empty();
  CHECK_FALSE(look.memory.smoothed);
}
