// SPDX-License-Identifier: Apache-2.0
// The messages of the control topic, as a consumer reads them (docs: actuators/batch_window.md).
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "controller/transport/keyed_topic.hpp"

namespace homeostat {

/// A message that a consumer may obey, by its form; whether its time is right, `expires_at_ms` and
/// the consumer's clock say.
struct WindowMessage {
  std::int64_t epoch = 0;        ///< 1 to 2^53: every language's JSON can hold it
  double window_ms = 0;          ///< 0 to 10,000
  std::int64_t drain_limit = 0;  ///< events, 1 to 1,000,000
  std::int64_t issued_at_ms = 0;
  std::int64_t expires_at_ms = 0;  ///< at most an hour after issued_at_ms
  std::string reason;
};

/// Nothing: no consumer obeys that.
std::optional<WindowMessage> parse_window_message(const std::string& text);

/// What homeostat.window_apply() and its like are told of the topic's last record.
nlohmann::json seen_in_topic(const std::optional<KeyedRecord>& record);

}  // namespace homeostat
