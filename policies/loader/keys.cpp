// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/keys.hpp"

#include <algorithm>

#include "policies/loader/nearest.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

std::string bound(const Key& key, double value) {
  if (key.type == Type::duration) return format_duration(from_seconds(value));
  if (key.type == Type::share) return format_number(value * 100) + "%";
  if (key.type == Type::integer) return format_number(value);
  if (key.type == Type::bytes) return format_number(value / 1e6) + "MB";
  return format_number(value);
}

std::string limits(const Key& key) {
  const auto& range = key.range;
  if (range.min && range.max && *range.min == *range.max)
    return " (" + bound(key, *range.min) + ")";
  std::string text;
  if (range.min) text += (range.min_open ? " above " : " from ") + bound(key, *range.min);
  if (range.min && range.max) text += range.max_open ? " and" : "";
  if (range.max) text += (range.max_open ? " below " : " up to ") + bound(key, *range.max);
  return text;
}

}  // namespace

const Key* find_key(const Shape& shape, const std::string& name) {
  const auto found = std::find_if(shape.keys.begin(), shape.keys.end(),
                                  [&name](const Key& key) { return key.name == name; });
  return found == shape.keys.end() ? nullptr : &*found;
}

std::string expectation(const Key& key) {
  switch (key.type) {
    case Type::text:
      if (key.allowed && !key.allowed->empty()) return "one of " + in_quotes(*key.allowed);
      return key.pattern ? key.pattern->words : "text";
    case Type::boolean:
      return "true or false";
    case Type::integer:
      return "a whole number" + limits(key);
    case Type::number:
      return "a number" + limits(key);
    case Type::share:
      return "a share" + limits(key) + ", such as 25% or 0.25";
    case Type::duration:
      return "a duration" + limits(key) + ", such as 500ms, 30s or 1h30m";
    case Type::bytes:
      return "a size" + limits(key) + ", such as 40GB or 40GiB";
    case Type::amount:
      return "a number or a duration, as the lever takes it";
    case Type::formula:
      return "a formula, such as min(0.1, 1 / kafka_arrival_events_per_second)";
    case Type::formulas:
      return "a map of names to formulas";
    case Type::labels:
      return "a map of names to texts";
    case Type::record:
    case Type::records:
      break;
  }
  std::vector<std::string> names;
  for (const auto& shape : key.shapes) {
    for (const auto& inner : shape.keys) {
      const bool seen = std::find(names.begin(), names.end(), inner.name) != names.end();
      if (!inner.later && !shape.later && !seen) names.push_back(inner.name);
    }
  }
  return (key.type == Type::records ? "a map of names to maps of " : "a map of ") +
         in_quotes(names);
}

}  // namespace homeostat::loader
