// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/kafka_settings.hpp"

#include <array>
#include <fstream>
#include <optional>
#include <string_view>
#include <utility>

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

}  // namespace

Result<ClientSettings> client_settings(const Address& address, const std::string& group) {
  ClientSettings settings{rd_kafka_conf_new()};
  if (!address.properties_file.empty()) {
    if (auto wrong = read_properties(address.properties_file, settings.get())) {
      return std::move(*wrong);
    }
  }
  const std::pair<const char*, std::string> ours[] = {
      {"bootstrap.servers", address.bootstrap},
      {"group.id", group},
      {"client.id", "homeostat"},
      {"enable.auto.commit", "false"},  // a commit would make the group
      {"enable.auto.offset.store", "false"},
      {"allow.auto.create.topics", "false"},    // nor does asking about a topic make it
      {"isolation.level", "read_uncommitted"},  // ends are the log's: no reader can be past them
      {"reconnect.backoff.max.ms", "1000"},     // the default, 10 s, keeps us blind after an outage
  };
  for (const auto& [name, value] : ours) {
    if (!set(settings.get(), name, value)) {
      return Error{ErrorCode::invalid_input, std::string{"librdkafka refuses `"} + name + "`"};
    }
  }
  return settings;
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
