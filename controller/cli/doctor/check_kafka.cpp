// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_kafka.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "controller/cli/wiring.hpp"
#include "policies/loader/listen_address.hpp"

namespace homeostat::doctor {
namespace asio = boost::asio;
namespace {

std::string tool(const KafkaConfig& config, const std::string& name) {
  return name + ".sh --bootstrap-server " + config.bootstrap.front();
}

std::string allow(const KafkaConfig& config, const std::string& what) {
  return tool(config, "kafka-acls") + " --add --allow-principal User:OURS --operation Describe " +
         what;
}

bool on_this_machine(const std::string& broker) {
  const auto at = loader::parse_listen_address(broker);
  return at && loader::is_loopback(at->host);
}

// `plays (8 partitions), ads (1 partition)`.
std::string topics_of(const kafka::GroupOffsets& offsets) {
  std::map<std::string, int> partitions;
  for (const auto& one : offsets.partitions) ++partitions[one.of.topic];
  std::string text;
  for (const auto& [topic, count] : partitions) {
    text += (text.empty() ? "" : ", ") + topic + " (" + std::to_string(count) +
            (count == 1 ? " partition)" : " partitions)");
  }
  return text;
}

void judge_privacy(const KafkaConfig& config, Findings& findings) {
  const auto protocol = kafka::security_protocol(address_of(config));
  if (!protocol.has_value()) return;  // told by the reading, too
  if (protocol->ends_with("ssl")) {
    findings.ok("encryption", "TLS: security.protocol is " + *protocol);
  } else if (std::all_of(config.bootstrap.begin(), config.bootstrap.end(), on_this_machine)) {
    findings.ok("encryption", "nothing leaves this machine");
  } else {
    findings.warn("encryption", "security.protocol is " + *protocol + " over a network",
                  {"somebody on the way can read a password, and answer in the brokers' place",
                   "in kafka.properties_file: security.protocol=sasl_ssl (or ssl), and "
                   "ssl.ca.location=FILE of the authority that signed the brokers' certificates"});
  }
}

void judge_offsets(const KafkaConfig& config, const std::string& group,
                   const kafka::GroupOffsets& offsets, Findings& findings) {
  std::string missing;
  std::string deleted;
  for (const auto& one : offsets.partitions) {
    const auto name = one.of.topic + "/" + std::to_string(one.of.partition);
    const auto start = one.start.value_or(0);
    if (!one.committed && one.end > start) missing += (missing.empty() ? "" : ", ") + name;
    if (one.committed && *one.committed < start) deleted += (deleted.empty() ? "" : ", ") + name;
  }
  const auto describe = tool(config, "kafka-consumer-groups") + " --describe --group " + group;
  if (!missing.empty()) {
    findings.warn("offsets", "no offset is committed, though there are events, in " + missing,
                  {"nobody knows what the group has read there: its whole lag is unknown",
                   "let its consumers commit in every partition that they are given: " + describe});
  }
  if (!deleted.empty()) {
    findings.warn("retention", "the group stands before the beginning of the log in " + deleted,
                  {"events were deleted before they were read: they are lost",
                   "lengthen retention.ms of the topic, or read faster: " + describe});
  }
}

void judge_members(const KafkaConfig& config, const std::string& group,
                   const std::optional<kafka::GroupState>& state, Findings& findings) {
  if (!state) {
    findings.warn("members", "the brokers do not say whether the group has members",
                  {"a stopped consumer cannot be told from one that is stuck",
                   tool(config, "kafka-consumer-groups") + " --list --state"});
  } else if (*state == kafka::GroupState::empty || *state == kafka::GroupState::dead) {
    findings.warn("members", "the group has no member",
                  {"nobody reads; or its consumers do without joining it (assign() instead of "
                   "subscribe()), and kafka_group_stable is of no use",
                   tool(config, "kafka-consumer-groups") + " --describe --state --group " + group});
  } else {
    findings.ok("members", "the group is " + std::string{to_text(*state)});
  }
}

}  // namespace

bool judge_outage(const KafkaConfig& config, const Error& error, Findings& findings) {
  const std::string why = "no group can be measured: all of their signals are absent";
  switch (error.code) {
    case ErrorCode::timeout:
    case ErrorCode::unavailable:
      findings.fail("connection", error.context,
                    {why,
                     "see that the brokers run, that kafka.bootstrap is right, that they advertise "
                     "addresses which can be reached from here, and that TLS is spoken where they "
                     "speak it: " +
                         tool(config, "kafka-broker-api-versions")});
      return true;
    case ErrorCode::refused:
      findings.fail("login", error.context,
                    {why,
                     "correct kafka.properties_file: sasl.mechanism, sasl.username, sasl.password; "
                     "a certificate that is not verified: ssl.ca.location=FILE of the authority "
                     "that signed it, and in kafka.bootstrap the name that it is made out to"});
      return true;
    case ErrorCode::invalid_input:
      findings.fail(
          "properties",
          error.context +
              (error.place.line > 0 ? ", line " + std::to_string(error.place.line) : std::string{}),
          {why,
           "correct kafka.properties_file: librdkafka's CONFIGURATION.md has all "
           "properties"});
      return true;
    default:
      return false;
  }
}

void judge_group(const KafkaConfig& config, const std::string& group,
                 const Result<kafka::GroupOffsets>& found, Findings& findings) {
  if (found.has_value()) {
    findings.ok("group", "reads " + topics_of(*found));
    judge_members(config, group, found->state, findings);
    judge_offsets(config, group, *found, findings);
    return;
  }
  const auto& error = found.error();
  const std::string why = "its signals are absent";
  if (error.code == ErrorCode::missing_privilege) {
    findings.fail("privileges", error.context,
                  {why, allow(config, "--group " + group) + "\n" + allow(config, "--topic TOPIC")});
  } else if (error.code == ErrorCode::not_found) {
    findings.fail("group", error.context,
                  {why, "correct kafka.groups: " + tool(config, "kafka-consumer-groups") +
                            " --list\nor let it commit; or let us see its topics: " +
                            allow(config, "--topic TOPIC")});
  } else {
    findings.fail("group", error.context, {why, "see what the brokers log"});
  }
}

asio::awaitable<std::vector<Finding>> check_kafka(asio::any_io_executor executor,
                                                  KafkaConfig config, Duration deadline) {
  Findings brokers("kafka");
  judge_privacy(config, brokers);
  std::vector<Finding> all;
  bool answered = false;
  for (const auto& name : config.groups) {
    kafka::Group group(executor, address_of(config), name);
    std::vector<kafka::TopicPartition> discover;
    const auto found = co_await group.read(std::move(discover), deadline, kafka::Depth::everything);
    // Once a group has answered, what another does not answer is its own trouble.
    if (!found.has_value() && !answered && judge_outage(config, found.error(), brokers)) break;
    if (found.has_value() && !answered) {
      brokers.ok("connection", "cluster " + found->cluster);
      answered = true;
    }
    Findings findings("group/" + name);
    judge_group(config, name, found, findings);
    std::move(findings.all().begin(), findings.all().end(), std::back_inserter(all));
  }
  all.insert(all.begin(), brokers.all().begin(), brokers.all().end());
  co_return all;
}

}  // namespace homeostat::doctor
