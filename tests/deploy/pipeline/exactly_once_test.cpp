// SPDX-License-Identifier: Apache-2.0
// Events in are plays out, whatever happens to the consumer meanwhile.
#include <signal.h>

#include <catch2/catch.hpp>
#include <random>
#include <thread>

#include "tests/deploy/pipeline/pipeline_site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {

TEST_CASE("twenty kill -9 of the consumer at random instants lose and double no event") {
  if (skipped_without_kafka()) return;  // a mock cluster keeps a dead member for too long
  const auto seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937 random{seed};
  PipelineSite site;
  const std::vector<std::string> no_events{"", "nonsense", "play\t1\t2"};
  site.kafka().produce("play_events", 0, no_events);
  // One event in fifty is sent twice by the producer itself.
  auto producer = site.producer("3000/s for 600s", {"--resend", "0.02"});
  const std::vector<std::string> arguments{"--member", "one", "--window", "fixed:5ms"};
  auto consumer = site.consumer(arguments);
  for (int life = 1; life <= 20; ++life) {
    CAPTURE(life);
    // At some batch of its life, and at any instant within or after it.
    const auto before = site.applied();
    const auto at_least = std::uniform_int_distribution<std::int64_t>{1, 400}(random);
    REQUIRE(eventually([&] { return site.applied() >= before + at_least; }));
    std::this_thread::sleep_for(
        std::chrono::microseconds{std::uniform_int_distribution<int>{0, 20'000}(random)});
    consumer.process.signal(SIGKILL);
    REQUIRE(consumer.process.wait(kPatience) == 128 + SIGKILL);
    consumer = site.consumer(arguments);
  }
  site.require_exactly_once(producer, 3);
  CHECK(producer.last("resent") > 0);
  CHECK(site.claims() >= 20 * PipelineSite::kPartitions);
}

TEST_CASE(
    "dying between PostgreSQL's commit and Kafka's, or with PostgreSQL, counts nothing twice") {
  PipelineSite site;
  auto producer = site.producer("2000/s for 600s");
  std::vector<std::string> arguments{"--member", "one", "--window", "fixed:5ms"};
  auto never_commits = arguments;
  never_commits.insert(never_commits.end(), {"--property", "auto.commit.interval.ms=86400000"});
  auto consumer = site.consumer(never_commits);
  REQUIRE(eventually([&] { return site.applied() > 1000; }));
  consumer.process.signal(SIGKILL);
  consumer.process.wait(kPatience);
  CHECK(site.committed() == 0);  // all of it lies between the two commits
  consumer = site.consumer(arguments);
  CHECK(eventually([&] { return site.committed() > 0; }));

  // And a PostgreSQL that is killed, with a batch on its way.
  site.postgres().kill_server();
  REQUIRE(eventually([&] { return consumer.says("no connection"); }));
  site.postgres().start();
  site.require_exactly_once(producer);
  CHECK(eventually([&] { return site.committed() == site.applied(); }));
}

TEST_CASE("SIGTERM applies what is gathered, commits it to Kafka and leaves the group") {
  PipelineSite site;
  // The clock of this producer is an hour ahead: nothing is decided by it.
  auto producer = site.producer("1000/s for 600s", {"--clock-ahead", "3600"});
  auto consumer = site.consumer({"--window", "fixed:20000ms"});
  REQUIRE(eventually([&] { return site.claims() == PipelineSite::kPartitions; }));
  const auto from = producer.last("made");
  REQUIRE(eventually([&] { return producer.last("made") >= from + 2000; }));
  consumer.process.signal(SIGTERM);
  REQUIRE(consumer.process.wait(kPatience) == 0);
  CHECK(consumer.last("batches") == 1);
  CHECK(site.applied() > 0);
  CHECK(site.applied() == consumer.last_line().at("messages"));
  CHECK(site.committed() == site.applied());
  // It has left: another one need not wait for its session to time out.
  consumer = site.consumer({"--window", "fixed:5ms"});
  site.require_exactly_once(producer);
}

}  // namespace homeostat::testing
