// SPDX-License-Identifier: Apache-2.0
// A map of a file after checking by its Shape: typed, in base units, defaults filled in, places
// kept. What was wrong (and reported) has no value here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::loader {

struct Value {
  std::string key;      ///< in its map; empty in a list
  Place key_place;      ///< of the key
  Place place;          ///< of the value
  bool given = false;   ///< written in the file, not a default
  bool quoted = false;  ///< of a formula: its text begins after a quote
  std::variant<std::monostate, bool, std::int64_t, double, Duration, std::string> scalar;
  std::vector<Value> children;  ///< of a list, labels, or record
  std::string shape;            ///< of a record: the name of the shape it was read by
};

/// What stands at a key of a record, written or by default; nullptr when there is nothing.
inline const Value* find(const Value& record, std::string_view key) {
  for (const auto& child : record.children) {
    if (child.key == key) return &child;
  }
  return nullptr;
}

/// The scalar of a key, or nullptr when it is not there or was wrong.
template <class T>
const T* get(const Value& record, std::string_view key) {
  const auto* const value = find(record, key);
  return value == nullptr ? nullptr : std::get_if<T>(&value->scalar);
}

/// Copies the scalar of a key, if there, to `target`.
template <class T, class Target>
void assign(Target& target, const Value& record, std::string_view key) {
  if (const auto* const scalar = get<T>(record, key)) target = static_cast<Target>(*scalar);
}
template <class Target>
void assign_text(Target& target, const Value& record, std::string_view key) {
  if (const auto* const scalar = get<std::string>(record, key)) target = *scalar;
}
template <class Target>
void assign_duration(Target& target, const Value& record, std::string_view key) {
  if (const auto* const scalar = get<Duration>(record, key)) target = *scalar;
}

/// Where to point at for a key: its value, its key's record otherwise.
inline Place place_of(const Value& record, std::string_view key) {
  const auto* const value = find(record, key);
  return value == nullptr || !value->given ? record.key_place : value->place;
}

}  // namespace homeostat::loader
