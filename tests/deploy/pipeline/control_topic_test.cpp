// SPDX-License-Identifier: Apache-2.0
// The consumer and the control topic, both real.
#include <catch2/catch.hpp>

#include "deploy/demo/pipeline/clocks.hpp"
#include "tests/deploy/pipeline/pipeline_site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kTopic = "homeostat.control";

nlohmann::json control(std::int64_t epoch, double window_ms, std::int64_t seconds = 600) {
  const auto now = melodyud::unix_milliseconds();
  return {{"version", 1},       {"epoch", epoch},      {"window_ms", window_ms},
          {"drain_limit", 500}, {"issued_at_ms", now}, {"expires_at_ms", now + seconds * 1000},
          {"reason", "a test"}};
}

}  // namespace

TEST_CASE(
    "a consumer obeys its group's newest window, and goes on through whatever else is there") {
  if (skipped_without_kafka()) return;
  PipelineSite site;
  const auto consumer = site.consumer();  // the topic does not exist yet
  const auto obeys = [&](double window_ms) {
    return eventually([&] { return consumer.last("window_ms") == Approx(window_ms); });
  };
  REQUIRE(obeys(100));
  const auto send = [&](const std::string& key, const std::optional<std::string>& value) {
    site.kafka().produce_keyed(kTopic, key, value);
  };
  site.create_topic(kTopic, 1);
  send("play-counts", control(5, 20).dump());
  REQUIRE(obeys(20));
  CHECK(consumer.last("drain_limit") == 500);

  // Each of these would show, if it were obeyed, before the one after them does.
  send("other-group", control(9, 1).dump());
  send("play-counts", "not JSON");
  send("play-counts", control(4, 2).dump());
  auto from_the_future = control(9, 3);
  from_the_future["issued_at_ms"] = melodyud::unix_milliseconds() + 3'600'000;
  from_the_future["expires_at_ms"] = melodyud::unix_milliseconds() + 3'700'000;
  send("play-counts", from_the_future.dump());
  send("play-counts", control(9, 99'999).dump());
  send("play-counts", control(6, 30).dump());
  REQUIRE(obeys(30));
  for (const auto* why : {"malformed", "older than", "from the future", "out of range"}) {
    INFO(why);
    CHECK(consumer.says(std::string{"is ignored: "} + why));
  }

  send("play-counts", std::nullopt);
  REQUIRE(obeys(100));
  send("play-counts", control(7, 40, 10).dump());
  REQUIRE(obeys(40));
  REQUIRE(obeys(100));  // it has expired
}

}  // namespace homeostat::testing
