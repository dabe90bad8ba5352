// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/system_clock.hpp"

#include <catch2/catch.hpp>
#include <fstream>

namespace homeostat {

TEST_CASE("the monotonic line never goes back and has its origin at the machine's boot") {
  const SystemClock clock;
  double uptime = 0;  // seconds since boot, suspended ones too
  std::ifstream("/proc/uptime") >> uptime;
  const auto first = clock.now();
  const auto second = clock.now();
  REQUIRE(second >= first);
  REQUIRE(to_seconds(first.time_since_epoch()) >= uptime - 0.02);  // it has two digits
}

TEST_CASE("wall time is the system's") {
  const SystemClock clock;
  const auto before = std::chrono::system_clock::now();
  const auto wall = clock.wall();
  const auto after = std::chrono::system_clock::now();
  REQUIRE(wall >= std::chrono::floor<Duration>(before));
  REQUIRE(wall <= after);
}

}  // namespace homeostat
