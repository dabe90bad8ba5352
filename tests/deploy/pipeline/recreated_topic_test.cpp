// SPDX-License-Identifier: Apache-2.0
// The consumer's topic is deleted, and another one of that name is made.
#include <signal.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "tests/deploy/pipeline/pipeline_site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

std::vector<std::string> plays(int from, int count) {
  std::vector<std::string> events;
  for (int id = from; id < from + count; ++id) {
    events.push_back("play\t" + std::to_string(id) + "\t2\t3\t0\t4");
  }
  return events;
}

void make_anew(PipelineSite& site) {
  site.kafka().delete_topic("play_events");
  REQUIRE(eventually([&] {
    try {
      site.kafka().create_topic("play_events", PipelineSite::kPartitions);
      return true;
    } catch (const std::runtime_error&) {
      return false;  // the old one is not gone yet
    }
  }));
}

}  // namespace

TEST_CASE("a topic that was made anew is not taken for the one that was counted (H8)") {
  if (skipped_without_kafka()) return;
  PipelineSite site;
  site.kafka().produce("play_events", 0, plays(1, 50));
  {
    auto consumer = site.consumer();
    REQUIRE(eventually([&] { return site.applied() == 50; }));
    consumer.process.signal(SIGTERM);
    REQUIRE(consumer.process.wait(kPatience) == 0);
  }
  make_anew(site);
  auto consumer = site.consumer();
  REQUIRE(eventually([&] { return site.claims() == 2 * PipelineSite::kPartitions; }));
  KafkaClient{site.bootstrap()}.produce("play_events", 0, plays(100, 1));
  CHECK(consumer.process.wait(kPatience) == 1);
  CHECK(consumer.says("another topic of that name?"));
  CHECK(site.applied() == 50);
}

TEST_CASE("nor is it under a consumer that runs, whose process ends (H8)") {
  if (skipped_without_kafka()) return;
  PipelineSite site;
  site.kafka().produce("play_events", 0, plays(1, 50));
  auto consumer = site.consumer({"--property", "topic.metadata.refresh.interval.ms=500"});
  REQUIRE(eventually([&] { return site.applied() == 50; }));
  make_anew(site);
  KafkaClient{site.bootstrap()}.produce("play_events", 0, plays(100, 1));
  CHECK(consumer.process.wait(kPatience) == 1);
  CHECK(consumer.says("another topic of that name?"));
  CHECK(site.applied() == 50);
}

TEST_CASE("a consumer whose topic was deleted ends when it is asked to") {
  if (skipped_without_kafka()) return;
  PipelineSite site;
  site.kafka().produce("play_events", 0, plays(1, 50));
  auto consumer = site.consumer({"--property", "topic.metadata.refresh.interval.ms=500"});
  REQUIRE(eventually([&] { return site.applied() == 50; }));
  site.kafka().delete_topic("play_events");
  REQUIRE(eventually([&] { return consumer.says("Kafka: "); }));
  consumer.process.signal(SIGTERM);
  CHECK(consumer.process.wait(kPatience) == 0);
}

}  // namespace homeostat::testing
