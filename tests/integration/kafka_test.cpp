// SPDX-License-Identifier: Apache-2.0
// The running binary beside a real broker.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "controller/transport/http_client.hpp"
#include "tests/integration/binary.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

/// A daemon that watches one consumer group, and nothing else.
class Watcher {
 public:
  explicit Watcher(const KafkaBroker& broker) {
    const auto path = scratch_.path() + "/homeostat.yaml";
    write_file(path, "version: 1\nspeed_up: 10\npolicies: [\"" + std::string{HOMEOSTAT_SOURCE_DIR} +
                         "/policies/recommended/simulated/consumer-lag.yaml\"]\n" +
                         "kafka: {bootstrap: [\"" + broker.bootstrap() +
                         "\"], groups: [counts]}\n" + "http: {listen: \"" + address() +
                         "\"}\njournal: {path: journal.db}\n");
    ProcessOptions options;
    options.log = scratch_.path() + "/daemon.log";
    daemon_ = ChildProcess({homeostat_binary(), "run", "--config", path}, options);
  }

  /// Whether /metrics has this line now.
  bool shows(const std::string& line) const {
    boost::asio::io_context io;
    const auto answer =
        run_coroutine(io, http_get("http://" + address() + "/metrics", std::chrono::seconds{10}));
    return answer.has_value() && ("\n" + answer->body).find("\n" + line) != std::string::npos;
  }
  bool comes_to_show(const std::string& line) const {
    INFO(read_file(scratch_.path() + "/daemon.log"));
    return eventually([&] { return shows(line); });
  }

 private:
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  ScratchDirectory scratch_;
  int port_ = free_port();
  ChildProcess daemon_;
};

}  // namespace

TEST_CASE("the daemon measures a consumer group, and says unknown while the broker is gone (H7)") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.produce("plays", 0, 5);
  client.commit("counts", "plays", 0, 2);
  const std::string lag = "homeostat_kafka_consumer_lag_events{subject=\"group/counts\"}";
  const Watcher watcher{broker};
  REQUIRE(watcher.comes_to_show(lag + " 3"));
  CHECK(watcher.comes_to_show("homeostat_probe_up{subject=\"group/counts\"} 1"));

  broker.kill_server();
  REQUIRE(watcher.comes_to_show("homeostat_probe_up{subject=\"group/counts\"} 0"));
  CHECK_FALSE(watcher.shows(lag));

  broker.start();
  client.commit("counts", "plays", 0, 4);
  REQUIRE(watcher.comes_to_show(lag + " 1"));
}

}  // namespace homeostat::testing
