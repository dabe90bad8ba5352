// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/kafka_handle.hpp"

#include <array>
#include <stdexcept>

namespace melodyud {

KafkaProperties parse_properties(const std::vector<std::string>& assignments) {
  KafkaProperties properties;
  for (const auto& assignment : assignments) {
    const auto equals = assignment.find('=');
    if (equals == std::string::npos) {  // what it says instead may be a secret
      throw std::invalid_argument("property " + std::to_string(properties.size() + 1) +
                                  " is not NAME=VALUE");
    }
    properties.emplace_back(assignment.substr(0, equals), assignment.substr(equals + 1));
  }
  return properties;
}

rd_kafka_conf_t* configure(const KafkaProperties& properties) {
  rd_kafka_conf_t* configuration = rd_kafka_conf_new();
  std::array<char, 512> why{};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(configuration, name.c_str(), value.c_str(), why.data(), why.size()) !=
        RD_KAFKA_CONF_OK) {
      rd_kafka_conf_destroy(configuration);
      // librdkafka's own words may quote the value.
      throw std::invalid_argument("'" + name +
                                  "' is no property of librdkafka, or not of that value");
    }
  }
  return configuration;
}

KafkaHandle connect(rd_kafka_type_t type, rd_kafka_conf_t* configuration) {
  std::array<char, 512> why{};
  KafkaHandle handle{rd_kafka_new(type, configuration, why.data(), why.size())};
  if (!handle) {
    rd_kafka_conf_destroy(configuration);
    throw std::runtime_error(why.data());
  }
  return handle;
}

}  // namespace melodyud
