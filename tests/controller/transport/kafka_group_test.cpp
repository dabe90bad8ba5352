// SPDX-License-Identifier: Apache-2.0
// What is read of a group from a real broker, and what comes back when that cannot be.
#include "controller/transport/kafka_group.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using kafka::GroupOffsets;
using kafka::PartitionOffsets;
using kafka::TopicPartition;

constexpr Duration kPatient = 60s;
constexpr Duration kBrief = 300ms;

/// A reader with a loop of its own.
struct Reader {
  explicit Reader(kafka::Address address, std::string name = "counts")
      : group{io.get_executor(), std::move(address), std::move(name)} {}
  explicit Reader(const KafkaBroker& broker, std::string name = "counts")
      : Reader{kafka::Address{broker.bootstrap(), {}}, std::move(name)} {}

  Result<GroupOffsets> read(std::vector<TopicPartition> of = {}, Duration deadline = kPatient) {
    return run_coroutine(io, group.read(std::move(of), deadline));
  }
  /// Reads until it can, as a probe would each second.
  GroupOffsets read_at_last(const std::vector<TopicPartition>& of = {}) {
    Result<GroupOffsets> found = Error{};
    const auto whole = [&] {
      found = read(of, 1s);
      return found.has_value();
    };
    if (!eventually(whole)) FAIL(found.error().context);
    return *found;
  }

  boost::asio::io_context io;
  kafka::Group group;
};

TEST_CASE("offsets of every partition of the topics that the group consumes, and of no other") {
  if (skipped_without_kafka()) return;
  const KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 2);
  client.create_topic("ads", 1);
  client.produce("plays", 0, 5);
  client.produce("ads", 0, 9);
  client.commit("counts", "plays", 0, 3);
  Reader reader{broker};
  const auto found = reader.read();
  REQUIRE(found.has_value());
  CHECK(found->partitions ==
        std::vector<PartitionOffsets>{{{"plays", 0}, 3, 5}, {{"plays", 1}, std::nullopt, 0}});
  CHECK(found->cluster.size() == 22);
  client.produce("plays", 1, 2);
  const auto again = reader.read({{"plays", 1}, {"plays", 0}});
  REQUIRE(again.has_value());
  CHECK(again->partitions ==
        std::vector<PartitionOffsets>{{{"plays", 0}, 3, 5}, {{"plays", 1}, std::nullopt, 2}});
}

TEST_CASE("a group that never committed and a topic that is gone are told apart (H7, H8)") {
  if (skipped_without_kafka()) return;
  const KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.create_topic("ads", 1);
  client.produce("plays", 0, 5);
  Reader reader{broker};
  const auto never = reader.read();
  REQUIRE_FALSE(never.has_value());
  CHECK(never.error().code == ErrorCode::not_found);
  CHECK_THAT(never.error().context, Contains("group counts has committed no offset"));

  client.commit("counts", "plays", 0, 3);
  client.commit("counts", "ads", 0, 0);
  const std::vector<TopicPartition> both{{"ads", 0}, {"plays", 0}};
  REQUIRE(reader.read(both).has_value());
  client.delete_topic("plays");
  Result<GroupOffsets> gone = Error{};
  REQUIRE(eventually([&] {
    gone = reader.read(both, 5s);
    return !gone.has_value();
  }));
  CHECK(gone.error().code == ErrorCode::not_found);
  CHECK_THAT(gone.error().context, Contains("plays"));
}

TEST_CASE("partitions just created are read although the client knew no leader of them") {
  if (skipped_without_kafka()) return;
  const KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.commit("counts", "plays", 0, 0);
  Reader reader{broker};
  REQUIRE(reader.read().has_value());
  client.create_topic("ads", 50);
  client.commit("counts", "ads", 49, 0);
  // The broker itself takes a moment to lead what the controller has made.
  CHECK(reader.read_at_last({{"ads", 0}, {"ads", 49}}).partitions.size() == 2);
  CHECK(reader.read_at_last().partitions.size() == 51);
}

TEST_CASE("a frozen broker costs a reading its deadline and no more, and the loop nothing (H9)") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.commit("counts", "plays", 0, 0);
  Reader reader{broker};
  REQUIRE(reader.read().has_value());
  broker.freeze();
  for (int i = 0; i < 3; ++i) {
    const auto late = reader.read({{"plays", 0}}, kBrief);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::timeout);
    CHECK_THAT(late.error().context, !Contains("still awaited"));  // the thread is free again, too
  }
  bool loop_went_on = false;
  boost::asio::steady_timer timer{reader.io, 1ms};
  timer.async_wait([&](const boost::system::error_code& error) { loop_went_on = !error; });
  CHECK_FALSE(reader.read({{"plays", 0}}, kBrief).has_value());
  CHECK(loop_went_on);
  broker.thaw();
  CHECK(reader.read_at_last().partitions.size() == 1);
}

TEST_CASE("a broker that was killed is read again when it is back") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.produce("plays", 0, 4);
  client.commit("counts", "plays", 0, 1);
  Reader reader{broker};
  REQUIRE(reader.read().has_value());
  broker.kill_server();
  for (int i = 0; i < 3; ++i) {
    const auto down = reader.read({{"plays", 0}}, kBrief);
    REQUIRE_FALSE(down.has_value());
    CHECK((down.error().code == ErrorCode::timeout || down.error().code == ErrorCode::unavailable));
  }
  broker.start();
  CHECK(reader.read_at_last().partitions == std::vector<PartitionOffsets>{{{"plays", 0}, 1, 4}});
}

TEST_CASE("a wrong password is told as such, not as silence, and a corrected one is taken") {
  if (skipped_without_kafka()) return;
  const KafkaBroker broker;
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.commit("counts", "plays", 0, 0);
  const ScratchDirectory scratch;
  const auto properties = scratch.path() + "/kafka.properties";
  const auto write = [&](const std::string& password) {
    write_file(properties,
               "# who we are\nsecurity.protocol = SASL_PLAINTEXT\nsasl.mechanism=PLAIN\n"
               "sasl.username=monitor\nsasl.password=" +
                   password + "\n");
  };
  write("wrong");
  Reader reader{kafka::Address{broker.bootstrap_with_login(), properties}};
  const auto refused = reader.read({}, 3s);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::refused);
  CHECK_THAT(refused.error().context, Contains("uthentication") && !Contains("wrong"));
  write("right");
  CHECK(reader.read_at_last().partitions.size() == 1);
}

TEST_CASE("a property that librdkafka refuses is named with its line, without its value (H43)") {
  const ScratchDirectory scratch;
  const auto properties = scratch.path() + "/kafka.properties";
  write_file(properties, "sasl.username=monitor\nsasl.pasword=secret\n");
  Reader reader{kafka::Address{"127.0.0.1:1", properties}};
  const auto wrong = reader.read({}, 5s);
  REQUIRE_FALSE(wrong.has_value());
  CHECK(wrong.error().code == ErrorCode::invalid_input);
  CHECK(wrong.error().place.line == 2);
  CHECK_THAT(wrong.error().context, Contains("`sasl.pasword`") && !Contains("secret"));
}

}  // namespace
}  // namespace homeostat::testing
