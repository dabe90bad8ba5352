// SPDX-License-Identifier: Apache-2.0
// One broker for all of it: each start costs seconds.
#include "controller/transport/kafka_topic.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

using namespace homeostat;
using namespace homeostat::kafka;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

constexpr Duration kBriefly = 500ms;

/// One end of the topic, which waits as long as it takes.
struct End {
  explicit End(Address address, const std::string& name = "control")
      : topic{io.get_executor(), std::move(address), name} {}
  explicit End(const KafkaBroker& broker) : End{Address{broker.bootstrap(), {}}} {}

  Result<std::optional<KeyedRecord>> last(const std::string& key, Duration deadline = 60s) {
    return run_coroutine(io, topic.last(key, deadline));
  }
  Result<void> write(const std::string& key, std::optional<std::string> value,
                     Duration deadline = 60s) {
    return run_coroutine(io, topic.write(key, std::move(value), "us", deadline));
  }
  Result<void> make() { return run_coroutine(io, topic.make(60s)); }
  /// Of a key that has one.
  KeyedRecord record(const std::string& key) {
    auto found = last(key);
    if (!found.has_value()) throw std::runtime_error(found.error().context);
    if (!*found) throw std::runtime_error("no record of " + key);
    return **found;
  }
  std::string value(const std::string& key) { return record(key).value.value_or("tombstone"); }

  boost::asio::io_context io;
  CompactedTopic topic;
};

}  // namespace

TEST_CASE("a compacted topic is made, written and read by key, through every kind of outage") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient anybody{broker.bootstrap()};
  End end{broker};

  // It is not there, and is made once.
  const auto missing = end.last("counts");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().code == ErrorCode::not_found);
  REQUIRE(end.make().has_value());
  REQUIRE(end.make().has_value());
  REQUIRE(eventually([&] { return end.last("counts").has_value(); }));
  CHECK_FALSE(end.last("counts")->has_value());

  // The last record of each key, ours and anybody's.
  REQUIRE(end.write("counts", "one").has_value());
  REQUIRE(end.write("plays", "other").has_value());
  REQUIRE(end.write("counts", "two").has_value());
  const auto ours = end.record("counts");
  CHECK(ours.value == "two");
  CHECK(ours.issuer == "us");
  CHECK(end.value("plays") == "other");
  anybody.produce_keyed("control", "counts", "three");
  CHECK(end.value("counts") == "three");
  CHECK(end.record("counts").issuer.empty());
  CHECK(end.record("counts").offset > ours.offset);
  REQUIRE(end.write("counts", std::nullopt).has_value());
  CHECK(end.value("counts") == "tombstone");
  CHECK(end.record("counts").issuer == "us");

  // Who comes anew reads the same, from the beginning.
  REQUIRE(end.write("counts", "four").has_value());
  End late{broker};
  CHECK(late.value("counts") == "four");
  CHECK(late.value("plays") == "other");

  // Gone: each call ends by its deadline, or at once when that was known a moment ago.
  broker.freeze();
  const auto unread = end.last("counts", kBriefly);
  REQUIRE_FALSE(unread.has_value());
  CHECK(unread.error().code == ErrorCode::timeout);
  CHECK(end.write("counts", "lost", kBriefly).error().context == unread.error().context);
  const auto unwritten = late.write("counts", "lost", kBriefly);
  REQUIRE_FALSE(unwritten.has_value());
  CHECK(unwritten.error().code == ErrorCode::timeout);
  broker.kill_server();
  broker.start();
  REQUIRE(eventually([&] { return end.last("counts").has_value(); }));
  // What was given up never comes: the broker was frozen, and its connections ended with it.
  CHECK(end.value("counts") == "four");
  REQUIRE(end.write("counts", "five").has_value());
  CHECK(late.value("counts") == "five");

  // Another topic of that name, and one that is none of this kind.
  anybody.delete_topic("control");
  REQUIRE(eventually([&] { return !end.last("counts").has_value(); }));
  CHECK(end.last("counts").error().code == ErrorCode::not_found);
  anybody.create_topic("control", 1);
  REQUIRE(eventually([&] { return end.last("counts").has_value(); }));
  CHECK_FALSE(end.last("counts")->has_value());
  anybody.create_topic("wide", 3);
  End wide{Address{broker.bootstrap(), {}}, "wide"};
  Result<std::optional<KeyedRecord>> refused = Error{};
  REQUIRE(eventually([&] {
    refused = wide.last("counts");
    return !refused.has_value() && refused.error().code == ErrorCode::invalid_input;
  }));
  CHECK_THAT(refused.error().context, Contains("topic wide has 3 partitions; expected 1"));

  // A wrong password: said as such, and never repeated.
  const ScratchDirectory scratch;
  const auto secrets = scratch.path() + "/kafka.properties";
  const std::string login =
      "security.protocol=SASL_PLAINTEXT\nsasl.mechanisms=PLAIN\nsasl.username=monitor\n";
  write_file(secrets, login + "sasl.password=wr0ng\n");
  End locked_out{Address{broker.bootstrap_with_login(), secrets}};
  const auto turned_away = locked_out.last("counts", 5s);
  REQUIRE_FALSE(turned_away.has_value());
  CHECK(turned_away.error().code == ErrorCode::refused);
  CHECK_THAT(turned_away.error().context, !Contains("wr0ng"));
  CHECK(locked_out.write("counts", "x", 5s).error().code == ErrorCode::refused);
  write_file(secrets, login + "sasl.password=right\n");
  CHECK(locked_out.write("counts", "six").has_value());
  CHECK(locked_out.value("counts") == "six");
}
