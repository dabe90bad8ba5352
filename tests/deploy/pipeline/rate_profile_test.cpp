// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/rate_profile.hpp"

#include <catch2/catch.hpp>

namespace melodyud {
namespace {

TEST_CASE("a profile makes events evenly, step after step, and none after its end") {
  const RateProfile profile{"100/s for 20s, 1000/s for 2.5s"};
  CHECK(profile.seconds() == 22.5);
  CHECK(profile.events_by(0) == 0);
  CHECK(profile.events_by(10) == 1000);
  CHECK(profile.events_by(21) == 3000);
  CHECK(profile.events_by(22.5) == 4500);
  CHECK(profile.events_by(100) == 4500);
}

TEST_CASE("bursts come whole, at the same rate") {
  const RateProfile profile{"1000/s for 2s bursts of 500"};
  CHECK(profile.events_by(0.49) == 0);
  CHECK(profile.events_by(0.5) == 500);
  CHECK(profile.events_by(0.99) == 500);
  CHECK(profile.events_by(2) == 2000);
}

TEST_CASE("a step that is wrong is refused by its words") {
  for (const auto* bad :
       {"", "100/s", "100/s for 20", "-1/s for 2s", "1e9/s for 2s", "100/s for 20s,",
        "100/s for 20s bursts of 0", "100/s for 20s; 5/s for 2s"}) {
    INFO(bad);
    CHECK_THROWS_AS(RateProfile{bad}, std::invalid_argument);
  }
  CHECK_THROWS_WITH(RateProfile{"1/s for 1s, now/s for 2s"}, Catch::Contains("now/s for 2s"));
}

}  // namespace
}  // namespace melodyud
