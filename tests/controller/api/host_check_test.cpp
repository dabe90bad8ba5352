// SPDX-License-Identifier: Apache-2.0
#include "controller/api/host_check.hpp"

#include <catch2/catch.hpp>

namespace homeostat {

TEST_CASE("loopback and the listening address are this daemon, with a port or without") {
  for (const std::string host :
       {"localhost", "LocalHost:9780", "127.0.0.1", "127.0.0.1:9780", "127.8.9.10:1", "[::1]",
        "[::1]:9780", "10.0.0.5:9780", "10.0.0.5"}) {
    CAPTURE(host);
    REQUIRE(host_allowed(host, "10.0.0.5"));
  }
  REQUIRE(host_allowed("[2001:db8::1]:9780", "2001:db8::1"));
  REQUIRE(host_allowed("[2001:db8:0::1]", "2001:db8::1"));
}

TEST_CASE("names and other addresses are not") {
  for (const std::string host :
       {"", ":9780", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "10.0.0.6",
        "0.0.0.0", "[::]", "[fe80::1]:9780", "2130706433", "[", "[::1", "[::1].evil.example"}) {
    CAPTURE(host);
    REQUIRE_FALSE(host_allowed(host, "10.0.0.5"));
  }
}

TEST_CASE("listening on every address allows any address and still no name") {
  REQUIRE(host_allowed("10.0.0.6:9780", "0.0.0.0"));
  REQUIRE(host_allowed("[2001:db8::1]", "::"));
  REQUIRE_FALSE(host_allowed("evil.example", "0.0.0.0"));
  REQUIRE_FALSE(host_allowed("evil.example", "::"));
}

}  // namespace homeostat
