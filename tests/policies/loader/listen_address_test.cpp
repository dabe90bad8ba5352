// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/listen_address.hpp"

#include <catch2/catch.hpp>

using namespace homeostat::loader;

TEST_CASE("addresses to listen on are HOST:PORT") {
  const auto v4 = parse_listen_address("127.0.0.1:9780");
  REQUIRE(v4.has_value());
  CHECK(v4->host == "127.0.0.1");
  CHECK(v4->port == 9780);
  const auto v6 = parse_listen_address("[::1]:0");
  REQUIRE(v6.has_value());
  CHECK(v6->host == "::1");
  CHECK(v6->port == 0);
  for (const auto* const text : {"", "9780", ":9780", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x",
                                 "127.0.0.1:65536", "127.0.0.1:-1", "::1:9780"}) {
    INFO(text);
    CHECK_FALSE(parse_listen_address(text));
  }
}

TEST_CASE("only loopback addresses are loopback") {
  for (const auto* const host : {"127.0.0.1", "127.8.9.1", "::1", "localhost"}) {
    INFO(host);
    CHECK(is_loopback(host));
  }
  for (const auto* const host : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "localhost.example.org",
                                 "127.1", "example.org", "::ffff:10.0.0.1"}) {
    INFO(host);
    CHECK_FALSE(is_loopback(host));
  }
}
