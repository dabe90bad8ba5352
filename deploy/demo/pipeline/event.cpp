// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/event.hpp"

#include <charconv>

namespace melodyud {
namespace {

constexpr std::string_view kPlay = "play";
constexpr std::string_view kAdImpression = "ad_impression";

/// Takes the text up to the next tab, or to the end.
std::string_view next_field(std::string_view& rest) {
  const auto end = rest.find('\t');
  const auto field = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return field;
}

template <class Number>
bool next_number(std::string_view& rest, Number& number) {
  const auto field = next_field(rest);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number);
  return error == std::errc{} && end == field.data() + field.size();
}

}  // namespace

std::string encode(const Event& event) {
  std::string text{event.kind == EventKind::play ? kPlay : kAdImpression};
  for (const std::int64_t number : {event.event_id, event.track_id, event.listener_id,
                                    std::int64_t{event.campaign}, event.happened_at_us}) {
    text += '\t';
    text += std::to_string(number);
  }
  return text;
}

std::optional<Event> decode(std::string_view text) {
  Event event;
  const auto kind = next_field(text);
  if (kind != kPlay && kind != kAdImpression) return std::nullopt;
  event.kind = kind == kPlay ? EventKind::play : EventKind::ad_impression;
  const bool whole = next_number(text, event.event_id) && next_number(text, event.track_id) &&
                     next_number(text, event.listener_id) && next_number(text, event.campaign) &&
                     next_number(text, event.happened_at_us) && text.empty();
  if (!whole) return std::nullopt;
  return event;
}

}  // namespace melodyud
