// SPDX-License-Identifier: Apache-2.0
#include "actuators/window_message.hpp"

#include <nlohmann/json.hpp>

namespace homeostat {
namespace {

constexpr std::int64_t kLargestEpoch = std::int64_t{1} << 53;
constexpr std::int64_t kLongestLifeMs = 3'600'000;
constexpr double kLongestWindowMs = 10'000;
constexpr std::int64_t kLargestDrain = 1'000'000;

std::optional<std::int64_t> whole(const nlohmann::json& in, const char* key, std::int64_t least,
                                  std::int64_t most) {
  const auto found = in.find(key);
  if (found == in.end() || !found->is_number_integer()) return std::nullopt;
  if (found->is_number_unsigned() &&
      found->get<std::uint64_t>() > static_cast<std::uint64_t>(most)) {
    return std::nullopt;
  }
  const auto number = found->get<std::int64_t>();
  return number >= least && number <= most ? std::optional(number) : std::nullopt;
}

}  // namespace

std::optional<WindowMessage> parse_window_message(const std::string& text) {
  const auto in = nlohmann::json::parse(text, nullptr, false);
  if (!in.is_object() || !whole(in, "version", 1, 1)) return std::nullopt;
  const auto epoch = whole(in, "epoch", 1, kLargestEpoch);
  const auto drain_limit = whole(in, "drain_limit", 1, kLargestDrain);
  const auto issued = whole(in, "issued_at_ms", 0, kLargestEpoch);
  const auto expires = whole(in, "expires_at_ms", 0, kLargestEpoch);
  const auto window = in.find("window_ms");
  if (!epoch || !drain_limit || !issued || !expires || window == in.end() || !window->is_number()) {
    return std::nullopt;
  }
  const auto window_ms = window->get<double>();
  if (!(window_ms >= 0 && window_ms <= kLongestWindowMs)) return std::nullopt;
  if (*expires - *issued > kLongestLifeMs) return std::nullopt;
  const auto reason = in.find("reason");
  const bool told = reason != in.end() && reason->is_string();
  return WindowMessage{*epoch,  window_ms, *drain_limit,
                       *issued, *expires,  told ? reason->get<std::string>() : std::string{}};
}

nlohmann::json seen_in_topic(const std::optional<KeyedRecord>& record) {
  if (!record) return nullptr;
  nlohmann::json seen{{"issuer", record->issuer}, {"offset", record->offset}};
  if (!record->value) {
    seen["tombstone"] = true;
  } else if (const auto message = parse_window_message(*record->value)) {
    seen["epoch"] = message->epoch;
    seen["window"] = message->window_ms / 1000;
    seen["drain_limit"] = message->drain_limit;
    seen["expires_at_ms"] = message->expires_at_ms;
  }
  return seen;
}

}  // namespace homeostat
