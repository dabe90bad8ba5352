// SPDX-License-Identifier: Apache-2.0
#include "probes/backoff.hpp"

#include <catch2/catch.hpp>

namespace homeostat {

using namespace std::chrono_literals;

TEST_CASE("the back-off doubles from 250 ms to 10 s, and jitter takes away at most one half") {
  Backoff backoff{7};
  const TimePoint now{1h};
  REQUIRE(backoff.next() < now);
  Duration whole = 250ms;
  for (int attempt = 0; attempt < 12; ++attempt) {
    backoff.failed(now);
    CAPTURE(attempt);
    REQUIRE(backoff.next() - now <= whole);
    REQUIRE(backoff.next() - now >= whole / 2);
    whole = std::min<Duration>(whole * 2, 10s);
  }
  backoff.succeeded();
  REQUIRE(backoff.next() < now);
  backoff.failed(now);
  REQUIRE(backoff.next() - now <= 250ms);
}

TEST_CASE("two daemons do not come back at the same moment") {
  Backoff one{1};
  Backoff other{2};
  one.failed(TimePoint{});
  other.failed(TimePoint{});
  REQUIRE(one.next() != other.next());
}

}  // namespace homeostat
