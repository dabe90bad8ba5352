// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/cusum.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

const CusumTest kTest{0.20, 1, 0.15, 4, 0.08};

/// Folds one after another, each of five readings.
struct Detector {
  ArmMemory memory;
  EngineSettings settings;
  BreakerState state = BreakerState::closed;
  std::int64_t next = 0;

  void fold(double blocked, double open) {
    step_cusum(memory, kTest, 0.15, Fold{next, 5 * blocked, 5 * open, 5}, settings, state);
    ++next;
  }
  bool tripped() const { return cusum_tripped(memory, kTest, settings, state); }
};

}  // namespace

TEST_CASE("cusum: the prior shrinks a fold of few transactions and hardly a fold of many") {
  CHECK(folded_ratio(kTest, Fold{0, 5, 5, 5}) == Approx((5 + 4 * 0.08 * 5) / (5 + 4 * 5)));
  CHECK(folded_ratio(kTest, Fold{0, 140, 160, 5}) == Approx(141.6 / 180));
  CHECK(folded_ratio(kTest, Fold{0, 0, 0, 5}) == Approx(0.08));
  CHECK(folded_ratio({0.2, 1, 0.15, 0, 0.08}, Fold{0, 0, 0, 5}) == 0);
}

TEST_CASE("cusum: S grows by the capped excess and trips after seven folds of a severe storm") {
  Detector detector;
  for (int fold = 1; fold <= 6; ++fold) {
    detector.fold(28, 32);
    CHECK(detector.memory.cusum == Approx(0.15 * fold));
    CHECK_FALSE(detector.tripped());
  }
  detector.fold(28, 32);
  CHECK(detector.memory.cusum == Approx(1.05));
  CHECK(detector.tripped());
}

TEST_CASE("cusum: a mild excess counts as what it is") {
  Detector detector;
  detector.fold(10, 32);
  CHECK(detector.memory.cusum == Approx(10.32 / 36 - 0.20));
}

TEST_CASE("cusum: S never leaves 0 to twice the trip") {
  Detector detector;
  detector.fold(0, 100);
  CHECK(detector.memory.cusum == 0);
  for (int fold = 0; fold < 40; ++fold) detector.fold(28, 32);
  CHECK(detector.memory.cusum == 2);
}

TEST_CASE("cusum: half the evidence and a step cap of 0.5 suffice while half open") {
  Detector detector;
  detector.state = BreakerState::half_open;
  CHECK(trip_level(kTest, BreakerState::half_open) == 0.5);
  CHECK(trip_level(kTest, BreakerState::open) == 1);
  detector.fold(28, 32);
  CHECK(detector.memory.cusum == 0.5);
  CHECK(detector.tripped());
}

TEST_CASE(
    "cusum: evidence decays while the system is idle, and an idle fold is never tripped (H2)") {
  Detector detector;
  for (int fold = 0; fold < 7; ++fold) detector.fold(28, 32);
  REQUIRE(detector.tripped());
  detector.fold(0, 0);
  CHECK(detector.memory.cusum == Approx(1.05 - 0.12));
  CHECK(detector.memory.clear);
  CHECK_FALSE(detector.tripped());
}

TEST_CASE("cusum: an idle system is clear even under a prior worse than the clear level") {
  const CusumTest gloomy{0.20, 1, 0.15, 4, 0.50};
  ArmMemory memory;
  memory.cusum = 1.5;
  step_cusum(memory, gloomy, 0.15, Fold{0, 0, 0, 5}, {}, BreakerState::open);
  CHECK(memory.clear);
  CHECK(memory.cusum == 1.5);
  CHECK_FALSE(cusum_tripped(memory, gloomy, {}, BreakerState::open));
}

TEST_CASE("cusum: S over the trip does not count while the last fold is clear") {
  Detector detector;
  for (int fold = 0; fold < 14; ++fold) detector.fold(28, 32);
  detector.fold(1, 32);
  CHECK(detector.memory.cusum > 1);
  CHECK_FALSE(detector.tripped());
  detector.fold(28, 32);
  CHECK(detector.tripped());
}

TEST_CASE("cusum: clear time counts whole folds, the one in which the signal turned included") {
  Detector detector;
  detector.fold(0, 32);
  CHECK(detector.memory.clear_time == seconds(0));
  detector.fold(0, 32);
  CHECK(detector.memory.clear_time == seconds(5));
  detector.fold(28, 32);
  CHECK(detector.memory.clear_time == seconds(0));
  detector.fold(0, 32);
  CHECK(detector.memory.clear_time == seconds(10));
  detector.fold(0, 32);
  CHECK(detector.memory.clear_time == seconds(15));
  detector.fold(6, 32);  // 0.176: between clear and ref
  CHECK_FALSE(detector.memory.clear);
  CHECK(detector.memory.clear_time == seconds(0));
}

TEST_CASE("cusum: the backstop speaks from 80 % of its window on") {
  Detector detector;
  for (int fold = 0; fold < 47; ++fold) detector.fold(7.1, 32);
  CHECK_FALSE(backstop_mean(detector.memory, detector.settings));
  detector.fold(7.1, 32);
  const auto mean = backstop_mean(detector.memory, detector.settings);
  REQUIRE(mean);
  CHECK(*mean == Approx(7.42 / 36));
  CHECK(detector.memory.cusum < 1);
  CHECK(detector.tripped());
}

TEST_CASE("cusum: a mean at or below ref does not trip the backstop") {
  Detector detector;
  for (int fold = 0; fold < 120; ++fold) detector.fold(6.8, 32);
  REQUIRE(backstop_mean(detector.memory, detector.settings));
  CHECK_FALSE(detector.tripped());
}

TEST_CASE("cusum: the backstop's window forgets what is older, and absent folds leave gaps") {
  Detector detector;
  for (int fold = 0; fold < 60; ++fold) detector.fold(28, 32);
  CHECK(detector.memory.window.size() == 60);
  detector.next += 30;
  detector.fold(0, 32);
  CHECK(detector.memory.window.size() == 30);
  CHECK_FALSE(backstop_mean(detector.memory, detector.settings));
}

TEST_CASE("cusum: consumed evidence is gone") {
  Detector detector;
  for (int fold = 0; fold < 60; ++fold) detector.fold(28, 32);
  consume_evidence(detector.memory);
  CHECK(detector.memory.cusum == 0);
  CHECK_FALSE(backstop_mean(detector.memory, detector.settings));
  CHECK_FALSE(detector.tripped());
}
