// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/scalars.hpp"

#include <catch2/catch.hpp>

using namespace homeostat;
using namespace homeostat::loader;
using namespace std::chrono_literals;

TEST_CASE("durations read as in Prometheus") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("1h30m") == 90min);
  CHECK(parse_duration("7d") == 168h);
  CHECK(parse_duration("1w") == 168h);
  CHECK(parse_duration("1y") == 365 * 24h);
  CHECK(parse_duration("1d2h3m4s5ms") == 26h + 3min + 4s + 5ms);
  CHECK(parse_duration("0s") == 0s);
}

TEST_CASE("what is no duration is refused") {
  for (const auto* const text : {"", "30", "s", "30 s", "-30s", "1.5s", "1m1h", "1s1s", "30sec",
                                 "30S", "99999999999999999s", "999999999999y", "1h30", " 30s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("shares are percentages or ratios") {
  CHECK(parse_share("25%") == 0.25);
  CHECK(parse_share("5%") == 0.05);
  CHECK(parse_share("2.5%") == 0.025);
  CHECK(parse_share("0%") == 0.0);
  CHECK(parse_share("0.25") == 0.25);
  for (const auto* const text : {"", "%", "25 %", "25%%", "a%", "0x10%"}) {
    INFO(text);
    CHECK_FALSE(parse_share(text));
  }
}

TEST_CASE("sizes are decimal or binary and need their unit") {
  CHECK(parse_bytes("40GB") == 40'000'000'000);
  CHECK(parse_bytes("40GiB") == 40LL * 1024 * 1024 * 1024);
  CHECK(parse_bytes("1.5MB") == 1'500'000);
  CHECK(parse_bytes("7B") == 7);
  for (const auto* const text :
       {"", "40", "GB", "40gb", "40 GB", "-1GB", "1e9TB", "99999999999TiB"}) {
    INFO(text);
    CHECK_FALSE(parse_bytes(text));
  }
}

TEST_CASE("numbers that YAML readers disagree about are refused") {
  CHECK(parse_number("0.15") == 0.15);
  CHECK(parse_number("-2") == -2.0);
  CHECK(parse_number("1e3") == 1000.0);
  for (const auto* const text : {"", "010", "0x10", "+1", "1_000", ".5", "5.", ".inf", "nan", "1e",
                                 "1e999", "1 ", "--1", "-"}) {
    INFO(text);
    CHECK_FALSE(parse_number(text));
  }
  CHECK(parse_integer("-7") == -7);
  for (const auto* const text : {"", "010", "1e3", "1.0", "0x10", "99999999999999999999", "-"}) {
    INFO(text);
    CHECK_FALSE(parse_integer(text));
  }
}

TEST_CASE("text that some reader takes for something else is known") {
  for (const auto* const text : {"true", "No", "OFF", "yes", "1", "-1", "0x1F", "0o17", "1e3",
                                 "1_000", ".5", "5.", ".inf", "-.inf", ".NaN", "010"}) {
    INFO(text);
    CHECK(reads_as_other_than_text(text));
  }
  for (const auto* const text : {"", "page", "127.0.0.1", "db1", "1.2.3", "face", "e5", "-", ".",
                                 "node/1", "0xyz", "1a", "_"}) {
    INFO(text);
    CHECK_FALSE(reads_as_other_than_text(text));
  }
}

TEST_CASE("durations and numbers print as they would be written") {
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(168h) == "7d");
  CHECK(format_duration(1500ms) == "1s500ms");
  CHECK(format_duration(0s) == "0s");
  CHECK(format_number(0.15) == "0.15");
  CHECK(format_number(3) == "3");
}
