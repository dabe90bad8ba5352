// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/local_regulator.hpp"

#include <catch2/catch.hpp>

namespace melodyud {
namespace {

/// What a rule comes to when so many events come each second, and batches cost 2 ms and 6 µs an
/// event.
BatchWindow settled(WindowRule rule, std::int64_t per_second) {
  LocalRegulator regulator{rule};
  auto now = Monotonic::now();
  std::int64_t arrived = 0;
  for (int second = 0; second < 30; ++second) {
    now += std::chrono::milliseconds{1001};
    arrived += per_second;
    BatchCosts costs;
    for (int i = 1; i <= 20; ++i) costs.add(i * 50, 0.002 + i * 50 * 6e-6);
    REQUIRE(regulator.update(now, arrived, costs));
  }
  return regulator.window();
}

TEST_CASE("the bare formula is one event a batch, however many come") {
  CHECK(settled(WindowRule::bare, 1000).seconds == Approx(0.001).epsilon(0.01));
  CHECK(settled(WindowRule::bare, 1000).drain_limit == 1);
  CHECK(settled(WindowRule::bare, 100'000).drain_limit == 1);
  CHECK(settled(WindowRule::bare, 2).seconds == 0.1);
}

TEST_CASE("the formula with draining has the same window and the usual limit") {
  CHECK(settled(WindowRule::formula, 1000).seconds == Approx(0.001).epsilon(0.01));
  CHECK(settled(WindowRule::formula, 1000).drain_limit == 10'000);
}

TEST_CASE("measured events a batch leave the consumer a fifth of its time") {
  // n = λ c0 / (0.8 − λ c1): 10,000/s gives 27 events, 2.7 ms.
  CHECK(settled(WindowRule::measured, 10'000).seconds == Approx(0.0027).epsilon(0.02));
  // 0.8 < λ c1: not to be had; the longest window there is.
  CHECK(settled(WindowRule::measured, 200'000).seconds == Approx(0.05).epsilon(0.01));
}

TEST_CASE("a change of partitions, which moves the count back, is no rate") {
  LocalRegulator regulator{WindowRule::formula};
  auto now = Monotonic::now();
  for (const std::int64_t arrived : {0, 1000, 2000, 3000, 100}) {
    now += std::chrono::milliseconds{1000};
    regulator.update(now, arrived, {});
  }
  CHECK(regulator.window().seconds < 0.002);
  CHECK_FALSE(regulator.update(now, 200, {}));
}

}  // namespace
}  // namespace melodyud
