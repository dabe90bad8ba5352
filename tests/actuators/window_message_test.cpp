// SPDX-License-Identifier: Apache-2.0
// Which messages a consumer may obey, by their form.
#include "actuators/window_message.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace homeostat;

namespace {

nlohmann::json whole() {
  return {{"version", 1},
          {"epoch", 17},
          {"window_ms", 37.5},
          {"drain_limit", 10000},
          {"issued_at_ms", 1'000'000},
          {"expires_at_ms", 1'060'000},
          {"reason", "a test"}};
}

bool obeyed(const nlohmann::json& message) {
  return parse_window_message(message.dump()).has_value();
}

bool obeyed_with(const char* key, const nlohmann::json& value) {
  auto message = whole();
  message[key] = value;
  return obeyed(message);
}

}  // namespace

TEST_CASE("window message: a whole one is read, and what it does not know is left alone") {
  auto in = whole();
  in["colour"] = "green";
  const auto message = parse_window_message(in.dump());
  REQUIRE(message.has_value());
  CHECK(message->epoch == 17);
  CHECK(message->window_ms == 37.5);
  CHECK(message->drain_limit == 10000);
  CHECK(message->issued_at_ms == 1'000'000);
  CHECK(message->expires_at_ms == 1'060'000);
  CHECK(message->reason == "a test");
}

TEST_CASE("window message: whatever is malformed, missing or out of range is no message") {
  for (const auto* text : {"", "null", "17", "[]", "{}", "{\"version\":1", "\xFF\xFE"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_window_message(text).has_value());
  }
  for (const auto* key :
       {"version", "epoch", "window_ms", "drain_limit", "issued_at_ms", "expires_at_ms"}) {
    auto message = whole();
    message.erase(key);
    CAPTURE(key);
    CHECK_FALSE(obeyed(message));
    CHECK_FALSE(obeyed_with(key, "1"));
    CHECK_FALSE(obeyed_with(key, nullptr));
    CHECK_FALSE(obeyed_with(key, -1));
  }
  CHECK_FALSE(obeyed_with("version", 2));
  CHECK_FALSE(obeyed_with("epoch", 0));
  CHECK_FALSE(obeyed_with("epoch", std::uint64_t{1} << 63));
  CHECK_FALSE(obeyed_with("epoch", 1.5));
  CHECK_FALSE(obeyed_with("window_ms", 10'000.5));
  CHECK(obeyed_with("window_ms", 0));
  CHECK(obeyed_with("window_ms", 10'000));
  CHECK_FALSE(obeyed_with("drain_limit", 0));
  CHECK_FALSE(obeyed_with("drain_limit", 1'000'001));
  CHECK_FALSE(obeyed_with("expires_at_ms", 1'000'000 + 3'600'001));
  CHECK(obeyed_with("expires_at_ms", 1'000'000 + 3'600'000));
  CHECK(obeyed_with("reason", 5));  // for people only
}

TEST_CASE("window message: the database is told of a record what it needs to judge it") {
  CHECK(seen_in_topic(std::nullopt).is_null());
  const auto tombstone = seen_in_topic(KeyedRecord{std::nullopt, "me", 4});
  CHECK(tombstone == nlohmann::json{{"issuer", "me"}, {"offset", 4}, {"tombstone", true}});
  const auto malformed = seen_in_topic(KeyedRecord{"{}", "", 5});
  CHECK(malformed == nlohmann::json{{"issuer", ""}, {"offset", 5}});
  const auto message = seen_in_topic(KeyedRecord{whole().dump(), "me", 6});
  CHECK(message == nlohmann::json{{"issuer", "me"},
                                  {"offset", 6},
                                  {"epoch", 17},
                                  {"window", 0.0375},
                                  {"drain_limit", 10000},
                                  {"expires_at_ms", 1'060'000}});
}
