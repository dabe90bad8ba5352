// SPDX-License-Identifier: Apache-2.0
// What doctor finds on a real broker that asks for a login and for ACLs.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "controller/cli/doctor/check_kafka.hpp"
#include "tests/support/kafka_admin.hpp"
#include "tests/support/kafka_broker.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::doctor {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

/// What one examination found.
struct Examined {
  std::vector<Finding> all;

  /// The worst of this check; fails the test when there is none.
  Finding find(const std::string& about, const std::string& check) const {
    for (const auto grade : {Grade::fail, Grade::warn, Grade::ok}) {
      for (const auto& finding : all) {
        if (finding.about == about && finding.check == check && finding.grade == grade) {
          return finding;
        }
      }
    }
    for (const auto& finding : all) {
      UNSCOPED_INFO(finding.about << " " << finding.check << ": " << finding.found);
    }
    FAIL("nothing about " << about << ", " << check);
    return {};
  }
};

/// Who wants to watch two groups, with properties that a test changes.
struct Patient {
  Patient() {
    config.groups = {"counts", "none"};
    config.properties_file = scratch.path() + "/kafka.properties";
  }
  void log_in_with(const std::string& password) const {
    testing::write_file(config.properties_file,
                        "security.protocol=sasl_ssl\nsasl.mechanism=PLAIN\nsasl.username=monitor\n"
                        "sasl.password=" +
                            password + "\nssl.ca.location=" + authority() + "\n");
  }
  std::string authority() const { return scratch.path() + "/authority.pem"; }

  Examined examine(Duration deadline) const {
    boost::asio::io_context io;
    return {testing::run_coroutine(io, check_kafka(io.get_executor(), config, deadline))};
  }

  testing::ScratchDirectory scratch;
  KafkaConfig config;
};

TEST_CASE(
    "doctor tells what keeps us from Kafka: address, login, ACL, group, one after the other") {
  if (testing::skipped_without_kafka()) return;
  const auto identity = testing::self_signed("IP:127.0.0.1");
  const testing::KafkaBroker broker{identity};
  const testing::KafkaAdmin admin{broker.bootstrap()};
  testing::KafkaClient client{broker.bootstrap()};
  client.create_topic("plays", 2);
  client.produce("plays", 1, 3);
  client.commit("counts", "plays", 0, 0);
  Patient patient;
  testing::write_file(patient.authority(), identity.certificate);

  patient.log_in_with("right");
  patient.config.bootstrap = {"127.0.0.1:1"};
  CHECK(patient.examine(500ms).find("kafka", "connection").grade == Grade::fail);

  patient.config.bootstrap = {broker.bootstrap_with_login()};
  patient.log_in_with("wrong");
  const auto login = patient.examine(2s).find("kafka", "login");
  CHECK(login.grade == Grade::fail);
  CHECK_THAT(login.found, !Contains("wrong"));

  patient.log_in_with("right");
  admin.let_describe_topic("monitor", "plays");
  CHECK(patient.examine(2s).find("group/counts", "privileges").grade == Grade::fail);

  admin.let_describe_group("monitor", "counts");
  admin.let_describe_group("monitor", "none");
  const auto let_in = patient.examine(60s);
  CHECK_THAT(let_in.find("group/counts", "group").found, Contains("reads plays (2 partitions)"));
  CHECK(let_in.find("kafka", "connection").grade == Grade::ok);
  CHECK(let_in.find("kafka", "encryption").grade == Grade::ok);
  CHECK_THAT(let_in.find("group/counts", "members").found, Contains("no member"));
  CHECK_THAT(let_in.find("group/counts", "offsets").found, Contains("plays/1"));
  const auto none = let_in.find("group/none", "group");
  CHECK(none.grade == Grade::fail);
  CHECK_THAT(none.found, Contains("group none has committed no offset"));
}

}  // namespace
}  // namespace homeostat::doctor
