// SPDX-License-Identifier: Apache-2.0
// The lag of a group on a real broker. The arithmetic by itself: partition_progress_test.cpp.
#include "probes/kafka_lag.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/kafka_admin.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

constexpr Duration kPatient = 60s;

KafkaLagOptions options_for(const KafkaBroker& broker, const std::string& group) {
  KafkaLagOptions options;
  options.group = group;
  options.address.bootstrap = broker.bootstrap();
  return options;
}

/// Samples second by second of a time that only the test moves.
struct Watch {
  explicit Watch(const KafkaBroker& broker, const std::string& group = "counts")
      : probe{io.get_executor(), options_for(broker, group)} {}

  Result<Reading> sample(Duration deadline = kPatient) {
    now += 1s;
    return run_coroutine(io, probe.sample(now, deadline));
  }
  Reading read() {
    auto reading = sample();
    if (!reading.has_value()) FAIL(reading.error().context);
    return std::move(*reading);
  }

  /// What a minute of readings comes to.
  Reading watch_a_minute() {
    auto reading = read();
    for (int i = 0; i < 61; ++i) reading = read();
    return reading;
  }

  boost::asio::io_context io;
  KafkaLag probe;
  TimePoint now{};
};

const Sample& find(const Reading& reading, std::string_view signal) {
  for (const auto& sample : reading.samples) {
    if (sample.signal == signal) return sample;
  }
  FAIL("no sample of " << signal);
  return reading.samples.front();
}

double value(const Reading& reading, std::string_view signal) {
  const auto& sample = find(reading, signal);
  CAPTURE(signal, to_text(sample.reason));
  REQUIRE(sample.quality == Quality::whole);
  return sample.numerator;
}

AbsentReason reason(const Reading& reading, std::string_view signal) {
  const auto& sample = find(reading, signal);
  CAPTURE(signal, sample.numerator);
  REQUIRE(sample.quality == Quality::absent);
  return sample.reason;
}

/// The one that holds.
std::string condition(const Reading& reading) {
  std::string holds;
  for (const auto& detail : reading.details) {
    if (detail.name != "kafka_consumer_condition" || detail.value == 0) continue;
    holds += detail.labels.at("condition");
  }
  return holds;
}

// Nothing was ever written: nothing is unread, and nothing stalls.
void a_topic_without_data(const KafkaBroker& broker, KafkaClient& client) {
  client.create_topic("silent", 2);
  client.commit("listeners", "silent", 0, 0);
  Watch watch{broker, "listeners"};
  const auto reading = watch.watch_a_minute();
  CHECK(value(reading, "kafka_consumer_lag_events") == 0);
  CHECK(value(reading, "kafka_consumer_lag_seconds") == 0);
  CHECK(value(reading, "kafka_arrival_events_per_second") == 0);
  CHECK(value(reading, "kafka_consumer_stalled_partitions") == 0);
  CHECK(condition(reading) == "keeping_up");
}

// A producer whose clock is an hour ahead or behind changes neither lag nor rates.
void a_clock_an_hour_off(const KafkaBroker& broker, KafkaClient& client) {
  client.create_topic("skewed", 1);
  client.commit("skewed", "skewed", 0, 0);
  Watch watch{broker, "skewed"};
  watch.read();
  client.produce_with_clock("skewed", 0, 10, 1h);
  client.produce_with_clock("skewed", 0, 10, -1h);
  const auto reading = watch.read();
  CHECK(value(reading, "kafka_consumer_lag_events") == 20);
  CHECK(value(reading, "kafka_consumer_lag_seconds") == 1);
  CHECK(value(reading, "kafka_arrival_events_per_second") == 20);
}

// A live consumer that does not get on is stalled; the same with nobody there is stopped.
void stalled_and_stopped(const KafkaBroker& broker, KafkaClient& client) {
  client.create_topic("stuck", 1);
  client.produce("stuck", 0, 10);
  client.commit("stuck", "stuck", 0, 4);
  Watch watch{broker, "stuck"};
  {
    GroupMember member{broker.bootstrap(), "stuck", "stuck"};
    REQUIRE(eventually([&] { return member.assigned(); }));
    const auto stalled = watch.watch_a_minute();
    CHECK(condition(stalled) == "stalled");
    CHECK(value(stalled, "kafka_group_stable") == 1);
    CHECK(value(stalled, "kafka_consumer_stalled_partitions") == 1);
    CHECK_THAT(stalled.notes.at(0).text,
               Contains("stalled, group stable: stuck/0: stalled, 6 events"));
  }
  const auto stopped = watch.watch_a_minute();
  CHECK(condition(stopped) == "stopped");
  CHECK(value(stopped, "kafka_group_stable") == 0);
  CHECK_THAT(stopped.notes.at(0).text, Contains("stopped, group empty"));
}

// What retention has deleted is no lag any more, and is told as lost.
void deleted_by_retention(const KafkaBroker& broker, KafkaClient& client) {
  const KafkaAdmin admin{broker.bootstrap()};
  client.create_topic("short", 1);
  client.produce("short", 0, 10);
  client.commit("late", "short", 0, 2);
  Watch watch{broker, "late"};
  CHECK(value(watch.read(), "kafka_consumer_lag_events") == 8);
  admin.delete_before("short", 0, 7);
  Reading reading;
  for (int i = 0; i < 10; ++i) reading = watch.read();
  CHECK(value(reading, "kafka_consumer_lag_events") == 3);
  CHECK(value(reading, "kafka_consumer_lost_events") == 5);
  CHECK_THAT(reading.notes.at(0).text, Contains("short/0: 5 events were deleted by retention"));
  client.commit("late", "short", 0, 7);  // as auto.offset.reset does
  CHECK(value(watch.read(), "kafka_consumer_lost_events") == 0);
}

TEST_CASE("a group with nothing to read, behind, stalled, stopped or too late, by our own clock") {
  if (skipped_without_kafka()) return;
  const KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  a_topic_without_data(broker, client);
  a_clock_an_hour_off(broker, client);
  stalled_and_stopped(broker, client);
  deleted_by_retention(broker, client);
}

TEST_CASE("lag and rates of a group, through a rewind, a topic made anew and an outage (H7, H8)") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 2);
  client.produce("plays", 0, 10);
  client.produce("plays", 1, 10);
  Watch watch{broker};

  const auto never = watch.sample();
  REQUIRE_FALSE(never.has_value());
  CHECK_THAT(never.error().context, Contains("has committed no offset"));

  client.commit("counts", "plays", 0, 10);
  const auto half = watch.read();
  CHECK(reason(half, "kafka_consumer_lag_events") == AbsentReason::partial);
  CHECK_THAT(half.notes.at(0).text, Contains("plays/1"));

  client.commit("counts", "plays", 1, 10);
  const auto level = watch.read();
  CHECK(to_text(level.samples.at(0).subject) == "group/counts");
  CHECK(level.identity.server.size() == 22);
  CHECK(value(level, "kafka_consumer_lag_events") == 0);
  CHECK(value(level, "kafka_consumer_lag_seconds") == 0);

  client.produce("plays", 1, 30);
  client.commit("counts", "plays", 1, 16);
  const auto behind = watch.read();
  CHECK(value(behind, "kafka_consumer_lag_events") == 24);
  CHECK(value(behind, "kafka_consumer_lag_seconds") == 1);
  CHECK(value(behind, "kafka_arrival_events_per_second") == 15);  // 30 in the 2 s of three readings
  CHECK(value(behind, "kafka_consumed_events_per_second") == 6);

  client.commit("counts", "plays", 1, 2);
  const auto back = watch.read();
  CHECK(reason(back, "kafka_consumer_lag_events") == AbsentReason::identity_changed);
  CHECK_THAT(back.notes.at(0).text, Contains("plays/1: the group was set back"));
  CHECK(condition(back) == "rewound");
  CHECK(value(watch.read(), "kafka_consumer_lag_events") == 38);

  broker.kill_server();
  const auto down = watch.sample(300ms);
  REQUIRE_FALSE(down.has_value());
  broker.start();
  REQUIRE(eventually([&] { return watch.sample(1s).has_value(); }));
  CHECK(value(watch.read(), "kafka_consumer_lag_events") == 38);

  client.delete_topic("plays");
  REQUIRE(eventually([&] { return !watch.sample(1s).has_value(); }));
  client.create_topic("plays", 2);
  client.commit("counts", "plays", 0, 0);
  REQUIRE(eventually([&] { return watch.sample(1s).has_value(); }));
  CHECK(value(watch.read(), "kafka_consumer_lag_events") == 0);
}

}  // namespace
}  // namespace homeostat::testing
