// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_control_topic.hpp"

#include <string>
#include <utility>

#include "controller/cli/wiring.hpp"
#include "controller/transport/kafka_topic.hpp"

namespace homeostat::doctor {

boost::asio::awaitable<std::vector<Finding>> check_control_topic(
    boost::asio::any_io_executor executor, KafkaConfig kafka, Duration deadline) {
  Findings findings("kafka");
  const auto name = kafka.control_topic;
  kafka::CompactedTopic topic(executor, address_of(kafka), name);
  const auto create = "kafka-topics.sh --create --topic " + name +
                      " --partitions 1 --config cleanup.policy=compact --bootstrap-server " +
                      kafka.bootstrap.front();
  const std::string why = "no batch window can be set: consumers keep their own default";
  const auto found = co_await topic.last("", deadline);
  if (found.has_value()) {
    findings.ok("control topic", name + " can be read, and has one partition");
  } else if (found.error().code == ErrorCode::not_found) {
    findings.warn(
        "control topic", name + " does not exist",
        {"the first batch window makes it, where the ACL Create on it is allowed", create});
  } else if (found.error().code == ErrorCode::missing_privilege) {
    findings.fail("control topic", found.error().context,
                  {why,
                   "kafka-acls.sh --add --allow-principal User:homeostat --operation Describe "
                   "--operation Read --operation Write --topic " +
                       name + " --bootstrap-server " + kafka.bootstrap.front()});
  } else {
    findings.fail("control topic", found.error().context,
                  {why, found.error().code == ErrorCode::invalid_input
                            ? "another kafka.control_topic: " + create
                            : "start a broker of kafka.bootstrap, or correct it"});
  }
  co_return std::move(findings.all());
}

}  // namespace homeostat::doctor
