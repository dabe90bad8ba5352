// SPDX-License-Identifier: Apache-2.0
// The lag of a group on a real broker. The arithmetic by itself: partition_progress_test.cpp.
#include "probes/kafka_lag.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

constexpr Duration kPatient = 60s;

KafkaLagOptions options_for(const KafkaBroker& broker) {
  KafkaLagOptions options;
  options.group = "counts";
  options.address.bootstrap = broker.bootstrap();
  return options;
}

/// Samples second by second of a time that only the test moves.
struct Watch {
  explicit Watch(const KafkaBroker& broker) : probe{io.get_executor(), options_for(broker)} {}

  Result<Reading> sample(Duration deadline = kPatient) {
    now += 1s;
    return run_coroutine(io, probe.sample(now, deadline));
  }
  Reading read() {
    auto reading = sample();
    if (!reading.has_value()) FAIL(reading.error().context);
    return std::move(*reading);
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
