// SPDX-License-Identifier: Apache-2.0
// The lever batch_window, from the rate to the control topic: real daemon, broker and PostgreSQL.
// One story a broker, for each start costs seconds.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "controller/transport/kafka_topic.hpp"
#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;
using nlohmann::json;

constexpr const char* kTopic = "homeostat.control";

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// A site with one consumer group, whose arrival rate is whatever is injected.
class Pipeline : public Site {
 public:
  Pipeline() {
    write_policies(read_file(HOMEOSTAT_SOURCE_DIR "/policies/recommended/batch-window.yaml"));
    configure("kafka: {bootstrap: [\"" + broker.bootstrap() + "\"], groups: [counts]}");
  }

  void rate(double events_per_second) {
    inject("kafka_arrival_events_per_second group/counts " + std::to_string(events_per_second) +
           "\n");
  }

  /// What a consumer finds in the topic: the group's last message, null for a tombstone or none.
  json said() {
    const auto found = run_coroutine(io, topic.last("counts", std::chrono::seconds{60}));
    if (!found.has_value() || !*found || !(*found)->value) return nullptr;
    return json::parse(*(*found)->value);
  }
  bool comes_to_say(double window_ms) {
    return eventually([&] {
      const auto message = said();
      return !message.is_null() && message["window_ms"] == window_ms;
    });
  }
  std::string mirror() {
    return postgres().sql(
        "SELECT window_ms || ' ' || drain_limit FROM homeostat.batch_window('counts')");
  }
  json told(int number) const {
    const auto answer = get("/v1/batch-window?group=counts", number);
    return answer ? json::parse(*answer) : json();
  }
  json lever(int number) const {
    const auto now = status(number);
    for (const auto& lever : now.at("levers")) {
      if (lever.at("lever") == "batch_window") return lever;
    }
    return {};
  }

  KafkaBroker broker;
  KafkaClient anybody{broker.bootstrap()};
  boost::asio::io_context io;
  kafka::CompactedTopic topic{io.get_executor(), {broker.bootstrap(), {}}, kTopic};
};

}  // namespace

TEST_CASE("batch window: it follows the rate, through a broker and a daemon that go, and ends") {
  if (skipped_without_kafka()) return;
  Pipeline site;
  site.rate(100);
  const int first = site.start_daemon();

  // The topic did not exist. Topic, mirror and HTTP say the same.
  REQUIRE(site.comes_to_say(10));
  const auto opened = site.said();
  CHECK(opened["version"] == 1);
  CHECK(opened["drain_limit"] == 10000);
  CHECK_THAT(opened["reason"].get<std::string>(), Contains("batch-window set to 0.01"));
  CHECK(site.mirror() == "10 10000");
  REQUIRE(eventually([&] { return site.told(first).is_object(); }));
  CHECK(site.told(first)["window_ms"] == 10);
  CHECK(site.told(first)["epoch"] == opened["epoch"]);
  const auto shown = site.homeostat({"status", "--server", site.url(first)});
  CHECK_THAT(shown.output,
             Contains("drain_limit 10000, window 0.01  batch-window") || Contains("window 0.01"));
  const auto explained = site.homeostat({"explain", "batch-window", "--server", site.url(first)});
  CHECK_THAT(explained.output, Contains("kafka_arrival_events_per_second"));

  // Ten times the rate: a tenth of the window, under a higher epoch. Renewals keep that.
  site.rate(1000);
  REQUIRE(site.comes_to_say(1));
  const auto faster = site.said();
  CHECK(faster["epoch"] > opened["epoch"]);
  REQUIRE(eventually([&] { return site.said()["expires_at_ms"] > faster["expires_at_ms"]; }));
  CHECK(site.said()["epoch"] == faster["epoch"]);

  // The broker is gone while it should move: refused, and said; nothing is pretended.
  site.broker.kill_server();
  site.rate(200);
  REQUIRE(eventually([&] {
    return site.lever(first).value("last_error", "").find("the control topic") != std::string::npos;
  }));
  CHECK(site.lever(first).at("value").at("window") == 0.001);
  REQUIRE(eventually([&] { return site.mirror().empty(); }));  // it runs out everywhere
  CHECK(site.told(first).is_null());
  site.broker.start();
  REQUIRE(site.comes_to_say(5));
  CHECK(site.said()["epoch"] > faster["epoch"]);
  REQUIRE(eventually([&] { return site.told(first).is_object(); }));

  // The daemon is killed: what it said runs out by itself, and its successor goes on above it.
  site.daemon(first).signal(SIGKILL);
  REQUIRE(site.daemon(first).wait(std::chrono::seconds{10}));
  const auto last_words = site.said();
  REQUIRE(eventually([&] { return now_ms() > last_words["expires_at_ms"].get<std::int64_t>(); }));
  CHECK(site.mirror().empty());
  CHECK(site.said()["expires_at_ms"] == last_words["expires_at_ms"]);
  site.rate(50);
  const int second = site.start_daemon();
  REQUIRE(site.comes_to_say(20));
  CHECK(site.said()["epoch"] > last_words["epoch"]);

  // In order: a tombstone.
  site.daemon(second).signal(SIGTERM);
  REQUIRE(site.daemon(second).wait(std::chrono::seconds{30}) == 0);
  CHECK(site.said().is_null());
  CHECK(site.mirror().empty());
  CHECK(site.postgres().sql("SELECT status FROM homeostat.lever WHERE lever = 'batch_window'") ==
        "reverted");

  // Somebody else writes: left alone, by who comes and by who goes (S3).
  const int third = site.start_daemon();
  REQUIRE(site.comes_to_say(20));
  json theirs = site.said();
  theirs["epoch"] = theirs["epoch"].get<int>() + 100;
  theirs["window_ms"] = 77;
  theirs["expires_at_ms"] = theirs["issued_at_ms"].get<std::int64_t>() + 3'600'000;
  site.anybody.produce_keyed(kTopic, "counts", theirs.dump());
  REQUIRE(eventually([&] { return site.lever(third).value("drifted", false); }));
  site.rate(500);
  const auto ticks = site.status(third).at("ticks").get<int>();
  REQUIRE(eventually([&] { return site.status(third).at("ticks").get<int>() > ticks + 1; }));
  CHECK(site.said() == theirs);
  CHECK(site.mirror().empty());
  CHECK(site.told(third).is_null());
  site.daemon(third).signal(SIGTERM);
  REQUIRE(site.daemon(third).wait(std::chrono::seconds{30}) == 0);
  CHECK(site.said() == theirs);
}

}  // namespace homeostat::testing
