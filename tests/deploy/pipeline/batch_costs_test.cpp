// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/batch_costs.hpp"

#include <catch2/catch.hpp>

namespace melodyud {
namespace {

TEST_CASE("the line through batches of two sizes is their cost a batch and a event") {
  BatchCosts costs;
  for (int i = 0; i < 10; ++i) {
    costs.add(100, 0.002 + 100 * 6e-6);
    costs.add(1000, 0.002 + 1000 * 6e-6);
  }
  costs.fade(0.5);
  const auto line = costs.fit();
  REQUIRE(line.has_value());
  CHECK(line->per_batch == Approx(0.002));
  CHECK(line->per_event == Approx(6e-6));
}

TEST_CASE("too few batches, batches of one size, and costs below zero have no line") {
  BatchCosts few;
  for (int i = 0; i < 4; ++i) few.add(100.0 * (i + 1), 0.01 * (i + 1));
  CHECK_FALSE(few.fit().has_value());
  BatchCosts equal;
  for (int i = 0; i < 50; ++i) equal.add(100, 0.002);
  CHECK_FALSE(equal.fit().has_value());
  BatchCosts falling;
  for (int i = 0; i < 50; ++i) falling.add(100 + i * 10, 0.1 - i * 0.001);
  CHECK_FALSE(falling.fit().has_value());
}

}  // namespace
}  // namespace melodyud
