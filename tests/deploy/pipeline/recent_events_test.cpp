// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/recent_events.hpp"

#include <catch2/catch.hpp>

namespace melodyud {
namespace {

TEST_CASE("an id counts once, as long as it is among the newest") {
  RecentEvents recent{3};
  CHECK(recent.insert(1));
  CHECK(recent.insert(2));
  CHECK_FALSE(recent.insert(1));
  CHECK(recent.insert(3));
  CHECK(recent.size() == 3);
  CHECK(recent.insert(4));  // 1 goes
  CHECK(recent.size() == 3);
  CHECK_FALSE(recent.insert(2));
  CHECK(recent.insert(1));
}

TEST_CASE("however many events come, no more ids than the limit are kept") {
  RecentEvents recent{1000};
  for (std::int64_t id = 0; id < 100'000; ++id) recent.insert(id % 5000);
  CHECK(recent.size() == 1000);
}

}  // namespace
}  // namespace melodyud
