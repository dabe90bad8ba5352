// SPDX-License-Identifier: Apache-2.0
// The running binary beside a real broker, and a real database that consumers report to.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <string>

#include "controller/loop/migrations.hpp"
#include "controller/transport/http_client.hpp"
#include "tests/integration/binary.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/grants.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

/// A daemon that watches one consumer group, and nothing else.
class Watcher {
 public:
  Watcher(const KafkaBroker& broker, const PostgresCluster& database) {
    const auto path = scratch_.path() + "/homeostat.yaml";
    write_file(path, "version: 1\nspeed_up: 10\npolicies: [\"" + std::string{HOMEOSTAT_SOURCE_DIR} +
                         "/policies/recommended/consumer-lag.yaml\"]\n" + "kafka: {bootstrap: [\"" +
                         broker.bootstrap() +
                         "\"], groups: [counts], per_partition_metrics: true}\n" +
                         "postgres: {nodes: [{name: main, host: 127.0.0.1, port: " +
                         std::to_string(database.port()) +
                         ", dbname: postgres, sslmode: disable}], ledger: {node: main}}\n" +
                         "http: {listen: \"" + address() + "\"}\njournal: {path: journal.db}\n");
    ProcessOptions options;
    options.log = scratch_.path() + "/daemon.log";
    daemon_ = ChildProcess({homeostat_binary(), "run", "--config", path}, options);
  }

  /// What the daemon has logged.
  std::string log() const { return read_file(scratch_.path() + "/daemon.log"); }
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

/// As two consumers of the group would: 40 batches of 100 and 300 events each.
void report_batches(const PostgresCluster& database) {
  for (const std::string member : {"one", "two"}) {
    database.sql("SELECT homeostat.report_batches('counts', '" + member +
                 "', 40, 8000, 0.128, 2000000, 28)");
  }
}

}  // namespace

TEST_CASE("the daemon measures a consumer group, and says unknown while the broker is gone (H7)") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.produce("plays", 0, 5);
  client.commit("counts", "plays", 0, 2);
  const std::string lag = "homeostat_kafka_consumer_lag_events{subject=\"group/counts\"}";
  PostgresCluster database;
  database.sql(grants() + migration_script());
  const Watcher watcher{broker, database};
  REQUIRE(watcher.comes_to_show(lag + " 3"));
  const std::string in_plays = "{subject=\"group/counts\",";
  CHECK(watcher.shows("homeostat_kafka_topic_lag_events" + in_plays + "topic=\"plays\"} 3"));
  CHECK(watcher.shows("homeostat_kafka_partition_end_offset" + in_plays +
                      "partition=\"0\",topic=\"plays\"} 5"));
  CHECK(watcher.shows("homeostat_kafka_group_stable{subject=\"group/counts\"} 0"));
  CHECK(watcher.comes_to_show("homeostat_kafka_consumer_condition" + in_plays +
                              "condition=\"stopped\"} 1"));
  // Nothing arrives: one event is enough for a batch.
  const std::string efficient =
      "homeostat_kafka_efficient_batch_events{subject=\"group/counts\"} 1";
  INFO(watcher.log());
  REQUIRE(eventually([&] {
    report_batches(database);
    return watcher.shows(efficient);
  }));
  CHECK(watcher.comes_to_show("homeostat_probe_up{subject=\"group/counts\"} 1"));

  broker.kill_server();
  REQUIRE(watcher.comes_to_show("homeostat_probe_up{subject=\"group/counts\"} 0"));
  CHECK_FALSE(watcher.shows(lag));
  CHECK_FALSE(watcher.shows("homeostat_kafka_topic_lag_events"));

  broker.start();
  client.commit("counts", "plays", 0, 4);
  REQUIRE(watcher.comes_to_show(lag + " 1"));
}

}  // namespace homeostat::testing
