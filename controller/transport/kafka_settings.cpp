// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_settings.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace homeostat::kafka {
namespace {

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// librdkafka's own message may repeat the value: a password.
bool set(rd_kafka_conf_t* settings, const std::string& name, const std::string& value) {
  std::array<char, 256> unused{};
  return rd_kafka_conf_set(settings, name.c_str(), value.c_str(), unused.data(), unused.size()) ==
         RD_KAFKA_CONF_OK;
}

std::optional<Error> read_properties(const std::string& path, rd_kafka_conf_t* settings) {
  std::ifstream file{path};
  if (!file) return Error{ErrorCode::invalid_input, "cannot read " + path};
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const auto text = trim(line);
    if (text.empty() || text.front() == '#') continue;
    const Place place{path, number, 1};
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) {
      return Error{ErrorCode::invalid_input, path + ": expected NAME=VALUE", place};
    }
    const std::string name{trim(text.substr(0, equals))};
    const std::string value{trim(text.substr(equals + 1))};
    if (set(settings, name, value)) continue;
    return Error{ErrorCode::invalid_input, path + ": librdkafka refuses `" + name + "`", place};
  }
  return std::nullopt;
}

using Properties = std::vector<std::pair<const char*, std::string>>;

// Those of the file, and over them ours.
Result<ClientSettings> with(const Address& address, Properties ours) {
  ClientSettings settings{rd_kafka_conf_new()};
  if (!address.properties_file.empty()) {
    if (auto wrong = read_properties(address.properties_file, settings.get())) {
      return std::move(*wrong);
    }
  }
  ours.emplace_back("bootstrap.servers", address.bootstrap);
  ours.emplace_back("client.id", "homeostat");
  ours.emplace_back("allow.auto.create.topics", "false");  // nor does asking about a topic make it
  // The default, 10 s, keeps us blind after an outage.
  ours.emplace_back("reconnect.backoff.max.ms", "1000");
  for (const auto& [name, value] : ours) {
    if (!set(settings.get(), name, value)) {
      return Error{ErrorCode::invalid_input, std::string{"librdkafka refuses `"} + name + "`"};
    }
  }
  return settings;
}

}  // namespace

Result<ClientSettings> client_settings(const Address& address, const std::string& group) {
  return with(address, {
                           {"group.id", group},
                           {"enable.auto.commit", "false"},  // a commit would make the group
                           {"enable.auto.offset.store", "false"},
                           // Ends are the log's: no reader can be past them.
                           {"isolation.level", "read_uncommitted"},
                       });
}

Result<ClientSettings> reader_settings(const Address& address) {
  return with(address, {
                           {"enable.auto.commit", "false"},
                           {"enable.auto.offset.store", "false"},
                           {"enable.partition.eof", "true"},
                           {"auto.offset.reset", "earliest"},
                       });
}

Result<ClientSettings> writer_settings(const Address& address, Duration deadline) {
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(deadline).count();
  return with(address, {
                           {"acks", "all"},
                           {"enable.idempotence", "true"},  // tried again, it is written once
                           {"linger.ms", "0"},
                           {"message.timeout.ms", std::to_string(std::max<std::int64_t>(ms, 1))},
                       });
}

Result<std::string> security_protocol(const Address& address) {
  const auto settings = client_settings(address, "homeostat");
  if (!settings.has_value()) return settings.error();
  std::array<char, 64> value{};
  std::size_t size = value.size();
  if (rd_kafka_conf_get(settings->get(), "security.protocol", value.data(), &size) !=
      RD_KAFKA_CONF_OK) {
    return Error{ErrorCode::internal, "librdkafka does not tell its security.protocol"};
  }
  return std::string{value.data()};
}

}  // namespace homeostat::kafka
