// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/obeyed_window.hpp"

#include <nlohmann/json.hpp>

namespace melodyud {
namespace {

constexpr std::int64_t kClockSkewMs = 60'000;
constexpr std::int64_t kLongestLifeMs = 3'600'000;
constexpr double kLongestWindowMs = 10'000;
constexpr std::int64_t kHighestDrainLimit = 1'000'000;

struct ControlMessage {
  std::int64_t epoch = 0;
  BatchWindow window;
  double window_ms = 0;
  std::int64_t issued_at_ms = 0;
  std::int64_t expires_at_ms = 0;
};

std::optional<ControlMessage> parse_control(std::string_view value) {
  const auto json = nlohmann::json::parse(value, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return std::nullopt;
  for (const auto* name : {"version", "epoch", "drain_limit", "issued_at_ms", "expires_at_ms"}) {
    if (!json.contains(name) || !json[name].is_number_integer()) return std::nullopt;
  }
  if (!json.contains("window_ms") || !json["window_ms"].is_number()) return std::nullopt;
  if (json["version"] != 1) return std::nullopt;
  ControlMessage message;
  message.epoch = json["epoch"];
  message.window_ms = json["window_ms"];
  message.window.seconds = message.window_ms / 1000;
  message.window.drain_limit = json["drain_limit"];
  message.issued_at_ms = json["issued_at_ms"];
  message.expires_at_ms = json["expires_at_ms"];
  return message;
}

bool in_range(const ControlMessage& message) {
  // Compared so that no difference of absurd numbers overflows.
  return message.window_ms >= 0 && message.window_ms <= kLongestWindowMs &&
         message.window.drain_limit >= 1 && message.window.drain_limit <= kHighestDrainLimit &&
         message.issued_at_ms >= 0 && message.expires_at_ms >= message.issued_at_ms &&
         message.expires_at_ms - message.issued_at_ms <= kLongestLifeMs;
}

}  // namespace

ObeyedWindow::Heard ObeyedWindow::hear(std::string_view value, std::int64_t now_ms) {
  const auto message = parse_control(value);
  if (!message) return Heard::malformed;
  if (!in_range(*message)) return Heard::out_of_range;
  if (message->issued_at_ms > now_ms + kClockSkewMs) return Heard::from_the_future;
  const bool renewed =
      message->epoch == epoch_ && obeyed_.has_value() && message->expires_at_ms > expires_at_ms_;
  if (message->epoch <= epoch_ && !renewed) return Heard::older;
  epoch_ = message->epoch;
  obeyed_ = message->window;
  expires_at_ms_ = message->expires_at_ms;
  return Heard::obeyed;
}

BatchWindow ObeyedWindow::current(std::int64_t now_ms) const {
  return obeyed_ && now_ms < expires_at_ms_ ? *obeyed_ : default_;
}

const char* name_of(ObeyedWindow::Heard heard) {
  switch (heard) {
    case ObeyedWindow::Heard::obeyed:
      return "obeyed";
    case ObeyedWindow::Heard::malformed:
      return "malformed";
    case ObeyedWindow::Heard::out_of_range:
      return "out of range";
    case ObeyedWindow::Heard::older:
      return "older than what is obeyed";
    case ObeyedWindow::Heard::from_the_future:
      return "from the future";
  }
  return "unknown";
}

}  // namespace melodyud
