// SPDX-License-Identifier: Apache-2.0
// What is read of a group from a real broker, and what comes back when that cannot be. A broker
// takes seconds to start: those who leave it as it was share one.
#include "controller/transport/kafka_group.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <catch2/catch.hpp>

#include "controller/transport/kafka_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/kafka_admin.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using kafka::Depth;
using kafka::GroupOffsets;
using kafka::GroupState;
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

  Result<GroupOffsets> read(std::vector<TopicPartition> of = {}, Duration deadline = kPatient,
                            Depth depth = Depth::offsets) {
    return run_coroutine(io, group.read(std::move(of), deadline, depth));
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
  /// What the cluster comes to say of the group, while `meanwhile` is called again and again.
  template <class Meanwhile>
  bool comes_to_be(GroupState state, Meanwhile meanwhile) {
    return eventually([&] {
      meanwhile();
      const auto found = read({}, kPatient, Depth::everything);
      return found.has_value() && found->state == state;
    });
  }

  boost::asio::io_context io;
  kafka::Group group;
};

// Offsets of every partition of the topics that the group consumes, and of no other.
void reads_what_the_group_consumes(const KafkaBroker& broker) {
  KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 2);
  client.create_topic("others", 1);
  client.produce("plays", 0, 5);
  client.produce("others", 0, 9);
  client.commit("counts", "plays", 0, 3);
  Reader reader{broker};
  const auto found = reader.read();
  REQUIRE(found.has_value());
  CHECK(found->partitions ==
        std::vector<PartitionOffsets>{{{"plays", 0}, 3, 5}, {{"plays", 1}, std::nullopt, 0}});
  CHECK(found->cluster.size() == 22);
  CHECK_FALSE(found->state);
  client.produce("plays", 1, 2);
  const auto again = reader.read({{"plays", 1}, {"plays", 0}});
  REQUIRE(again.has_value());
  CHECK(again->partitions ==
        std::vector<PartitionOffsets>{{{"plays", 0}, 3, 5}, {{"plays", 1}, std::nullopt, 2}});
}

// A group that never committed, and a topic that is deleted, are an error and no lag (H7, H8).
void tells_what_is_not_there(const KafkaBroker& broker) {
  KafkaClient client{broker.bootstrap()};
  client.create_topic("passing", 1);
  client.create_topic("ads", 1);
  Reader reader{broker, "passers"};
  const auto never = reader.read();
  REQUIRE_FALSE(never.has_value());
  CHECK(never.error().code == ErrorCode::not_found);
  CHECK_THAT(never.error().context, Contains("group passers has committed no offset"));

  client.commit("passers", "passing", 0, 0);
  client.commit("passers", "ads", 0, 0);
  const std::vector<TopicPartition> both{{"ads", 0}, {"passing", 0}};
  REQUIRE(reader.read(both).has_value());
  client.delete_topic("passing");
  Result<GroupOffsets> gone = Error{};
  REQUIRE(eventually([&] {
    gone = reader.read(both, 5s);
    return !gone.has_value();
  }));
  CHECK(gone.error().code == ErrorCode::not_found);
  CHECK_THAT(gone.error().context, Contains("passing"));
}

// Partitions just created are read although the client knew no leader of them.
void finds_leaders_of_new_partitions(const KafkaBroker& broker) {
  KafkaClient client{broker.bootstrap()};
  client.create_topic("first", 1);
  client.commit("growing", "first", 0, 0);
  Reader reader{broker, "growing"};
  REQUIRE(reader.read().has_value());
  client.create_topic("second", 50);
  client.commit("growing", "second", 49, 0);
  // The broker itself takes a moment to lead what the controller has made.
  CHECK(reader.read_at_last({{"second", 0}, {"second", 49}}).partitions.size() == 2);
  CHECK(reader.read_at_last().partitions.size() == 51);
}

// Where the log begins, and whether the group has members: in a reading of everything.
void reads_everything(const KafkaBroker& broker) {
  KafkaClient client{broker.bootstrap()};
  const KafkaAdmin admin{broker.bootstrap()};
  client.create_topic("kept", 1);
  client.produce("kept", 0, 9);
  client.commit("live", "kept", 0, 2);
  admin.delete_before("kept", 0, 6);
  Reader reader{broker, "live"};
  const auto whole = reader.read({}, kPatient, Depth::everything);
  REQUIRE(whole.has_value());
  CHECK(whole->partitions == std::vector<PartitionOffsets>{{{"kept", 0}, 2, 9, 6}});
  CHECK(whole->state == GroupState::empty);
  {
    GroupMember member{broker.bootstrap(), "live", "kept"};
    CHECK(reader.comes_to_be(GroupState::stable, [&] { member.assigned(); }));
  }
  CHECK(reader.comes_to_be(GroupState::empty, [] {}));
}

TEST_CASE("what is read of a group: offsets of what it consumes, starts, members, what is gone") {
  if (skipped_without_kafka()) return;
  const KafkaBroker broker;
  reads_what_the_group_consumes(broker);
  tells_what_is_not_there(broker);
  finds_leaders_of_new_partitions(broker);
  reads_everything(broker);
}

// A broker that hangs costs a reading its deadline and no more, and the loop nothing (H9).
void bears_silence(Reader& reader) {
  for (int i = 0; i < 3; ++i) {
    const auto late = reader.read({{"plays", 0}}, kBrief, Depth::everything);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::timeout);
    CHECK_THAT(late.error().context, !Contains("still awaited"));  // the thread is free again, too
  }
  bool loop_went_on = false;
  boost::asio::steady_timer timer{reader.io, 1ms};
  timer.async_wait([&](const boost::system::error_code& error) { loop_went_on = !error; });
  CHECK_FALSE(reader.read({{"plays", 0}}, kBrief).has_value());
  CHECK(loop_went_on);
}

// One that is not there is an error, for whom it has answered before as for whom it has not.
void bears_absence(Reader& reader) {
  for (int i = 0; i < 3; ++i) {
    const auto down = reader.read({}, kBrief, Depth::everything);
    REQUIRE_FALSE(down.has_value());
    CHECK((down.error().code == ErrorCode::timeout || down.error().code == ErrorCode::unavailable));
  }
}

/// The group's state, asked by itself: in a reading, offsets that cannot be had keep it from being
/// asked at all.
struct StateReader {
  explicit StateReader(const KafkaBroker& broker) {
    auto made = kafka::GroupClient::make({broker.bootstrap(), {}}, "counts");
    if (!made.has_value()) FAIL(made.error().context);
    client = std::move(*made);
  }
  Result<GroupState> ask(Duration allowed) const { return client->state(kafka::Until{allowed}); }
  bool comes_to_answer() const {
    return eventually([&] {
      const auto told = ask(1s);
      return told.has_value() && *told == GroupState::empty;
    });
  }
  std::unique_ptr<kafka::GroupClient> client;
};

// By librdkafka 2.0.2's other admin calls the process aborts at this, sooner or later.
void asks_into_silence(const StateReader& state) {
  for (int i = 0; i < 3; ++i) {
    const auto late = state.ask(kBrief);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::timeout);
  }
  CHECK_FALSE(state.ask(1ms).has_value());
}

TEST_CASE("a broker that hangs, dies, is not there yet and comes back costs readings, not more") {
  if (skipped_without_kafka()) return;
  KafkaBroker broker;
  {
    KafkaClient client{broker.bootstrap()};
    client.create_topic("plays", 1);
    client.produce("plays", 0, 4);
    client.commit("counts", "plays", 0, 1);
  }
  const std::vector<PartitionOffsets> there{{{"plays", 0}, 1, 4}};
  Reader reader{broker};
  Reader latecomer{broker};
  const StateReader state{broker};
  CHECK(reader.read_at_last().partitions == there);
  REQUIRE(state.comes_to_answer());
  for (int cycle = 0; cycle < 3; ++cycle) {
    broker.freeze();
    bears_silence(reader);
    asks_into_silence(state);
    if (cycle == 1) {
      broker.kill_server();  // with requests under way
      bears_absence(reader);
      bears_absence(latecomer);
      CHECK_FALSE(state.ask(kBrief).has_value());
      broker.start();
      CHECK(latecomer.read_at_last().partitions == there);
    } else {
      broker.thaw();
    }
    CHECK(reader.read_at_last().partitions == there);
    REQUIRE(state.comes_to_answer());
  }
}

/// Properties of who logs in as `monitor`.
std::string login(const std::string& protocol, const std::string& password) {
  return "# who we are\nsecurity.protocol = " + protocol +
         "\nsasl.mechanism=PLAIN\nsasl.username=monitor\nsasl.password=" + password + "\n";
}

TEST_CASE("a wrong authority, a wrong password and a missing ACL are told apart (H43)") {
  if (skipped_without_kafka()) return;
  const auto identity = self_signed("IP:127.0.0.1");
  const KafkaBroker broker{identity};
  KafkaClient client{broker.bootstrap()};
  const KafkaAdmin admin{broker.bootstrap()};
  client.create_topic("plays", 1);
  client.commit("counts", "plays", 0, 0);
  const ScratchDirectory scratch;
  const auto properties = scratch.path() + "/kafka.properties";
  const auto authority = scratch.path() + "/authority.pem";
  const auto write = [&](const std::string& certificate, const std::string& password) {
    write_file(authority, certificate);
    write_file(properties, login("SASL_SSL", password) + "ssl.ca.location=" + authority + "\n");
  };
  Reader reader{kafka::Address{broker.bootstrap_with_login(), properties}};

  const auto comes_to = [&](ErrorCode code) {
    Result<GroupOffsets> said = Error{};
    const auto is_said = [&] {
      said = reader.read({}, 1s);
      return !said.has_value() && said.error().code == code;
    };
    if (!eventually(is_said)) FAIL((said.has_value() ? "it is read" : said.error().context));
    return said.error().context;
  };

  write(self_signed("IP:127.0.0.1").certificate, "right");
  CHECK_THAT(comes_to(ErrorCode::refused), Contains("certificate verify failed"));

  write(identity.certificate, "wrong");
  CHECK_THAT(comes_to(ErrorCode::refused), Contains("uthentication") && !Contains("wrong"));

  // A corrected password is taken without a restart; then it is the broker that says no. Topics
  // that we may not describe it does not even name.
  write(identity.certificate, "right");
  CHECK_THAT(comes_to(ErrorCode::not_found), Contains("in any topic that we may describe"));
  admin.let_describe_topic("monitor", "plays");
  CHECK_THAT(comes_to(ErrorCode::missing_privilege), Contains("allow Describe on the group"));
  admin.let_describe_group("monitor", "counts");
  CHECK(reader.read_at_last().partitions.size() == 1);
  const auto whole = reader.read({}, kPatient, Depth::everything);
  REQUIRE(whole.has_value());
  CHECK(whole->state == GroupState::empty);  // more than Describe is not needed
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
