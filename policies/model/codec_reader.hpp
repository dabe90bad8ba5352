// SPDX-License-Identifier: Apache-2.0
// Reading members of a JSON object, for the sources of codecs only (it brings all of nlohmann/json
// with it). Unknown members are ignored, so that an older program reads what a newer one wrote.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/subject.hpp"
#include "policies/model/time.hpp"

namespace homeostat::codec {

/// JSON has no NaN and no infinity: they become null.
inline nlohmann::json number(double value) {
  return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(nullptr);
}

/// Sets the member unless there is nothing to say; a number that is not finite says nothing.
inline void set(nlohmann::json& json, const char* key, const std::optional<double>& value) {
  if (value && std::isfinite(*value)) json[key] = *value;
}
inline void set_us(nlohmann::json& json, const char* key, const std::optional<Duration>& value) {
  if (value) json[key] = value->count();
}

/// Reads members one after another and keeps the first Error (`protocol`). REQUIRES: the JSON
/// outlives the reader.
class Reader {
 public:
  Reader(const nlohmann::json& json, std::string_view what) : json_(json), what_(what) {
    if (!json.is_object()) fail("is no object");
  }

  void read(const char* key, std::string& into) {
    const auto* member = find(key);
    if (member == nullptr) return;
    if (const auto* text = member->get_ptr<const std::string*>()) {
      into = *text;
    } else {
      fail_at(key, "is no text");
    }
  }

  void read(const char* key, bool& into) {
    const auto* member = find(key);
    if (member == nullptr) return;
    if (member->is_boolean()) {
      into = member->get<bool>();
    } else {
      fail_at(key, "is neither true nor false");
    }
  }

  /// null is what number() makes of a value that is not finite: it comes back as NaN.
  void read(const char* key, double& into) {
    const auto* member = find(key);
    if (member == nullptr) return;
    if (member->is_number()) {
      into = member->get<double>();
    } else if (member->is_null()) {
      into = std::numeric_limits<double>::quiet_NaN();
    } else {
      fail_at(key, "is no number");
    }
  }

  void read(const char* key, std::int64_t& into) {
    const auto* member = find(key);
    if (member == nullptr) return;
    if (member->is_number_integer()) {
      into = member->get<std::int64_t>();
    } else {
      fail_at(key, "is no integer");
    }
  }

  void read(const char* key, int& into) {
    std::int64_t wide = into;
    read(key, wide);
    if (!std::in_range<int>(wide)) return fail_at(key, "is out of range");
    into = static_cast<int>(wide);
  }

  void read(const char* key, Duration& into) {
    std::int64_t count = into.count();
    read(key, count);
    into = Duration{count};
  }

  void read(const char* key, TimePoint& into) {
    Duration since = into.time_since_epoch();
    read(key, since);
    into = TimePoint{since};
  }

  void read(const char* key, Subject& into) {
    read_parsed(key, into, parse_subject, "is no subject");
  }

  template <class Enum>
  void read(const char* key, Enum& into, std::optional<Enum> (*parse)(std::string_view)) {
    read_parsed(key, into, parse, "has an unknown name");
  }

  /// A member that may be missing.
  template <class T>
  void read_optional(const char* key, std::optional<T>& into) {
    if (error_ || !json_.contains(key)) return;
    T value{};
    read(key, value);
    if (!error_) into = value;
  }

  /// The member as an array; nullptr, and an Error, when it is none.
  const nlohmann::json* array(const char* key) {
    const auto* member = find(key);
    if (member == nullptr || member->is_array()) return member;
    fail_at(key, "is no array");
    return nullptr;
  }

  /// The member as it is; nullptr when it is missing, which is no Error.
  const nlohmann::json* optional(const char* key) const {
    const auto at = json_.find(key);
    return error_ || at == json_.end() ? nullptr : &*at;
  }

  /// Takes over an Error from a nested value.
  void fail(Error error) {
    if (!error_) error_ = std::move(error);
  }

  const std::optional<Error>& error() const { return error_; }

 private:
  template <class T>
  void read_parsed(const char* key, T& into, std::optional<T> (*parse)(std::string_view),
                   const char* complaint) {
    std::string text;
    read(key, text);
    if (error_) return;
    auto value = parse(text);
    if (!value) return fail_at(key, complaint);
    into = std::move(*value);
  }

  const nlohmann::json* find(const char* key) {
    if (error_) return nullptr;
    const auto at = json_.find(key);
    if (at != json_.end()) return &*at;
    fail_at(key, "is missing");
    return nullptr;
  }

  void fail_at(const char* key, const char* complaint) {
    fail("member `" + std::string(key) + "` " + complaint);
  }
  void fail(const std::string& complaint) {
    fail(Error{ErrorCode::protocol, std::string(what_) + " in JSON: " + complaint});
  }

  const nlohmann::json& json_;
  std::string_view what_;
  std::optional<Error> error_;
};

/// Every item of the member, an array, by the codec of its type.
template <class T>
void read_all(Reader& reader, const char* key, std::vector<T>& into,
              Result<T> (*decode)(const nlohmann::json&)) {
  const auto* const list = reader.array(key);
  if (list == nullptr) return;
  for (const auto& item : *list) {
    auto value = decode(item);
    if (!value.has_value()) return reader.fail(value.error());
    into.push_back(std::move(*value));
  }
}

/// A member that may be missing, by the codec of its type.
template <class T>
void read_optional(Reader& reader, const char* key, std::optional<T>& into,
                   Result<T> (*decode)(const nlohmann::json&)) {
  const auto* const member = reader.optional(key);
  if (member == nullptr) return;
  auto value = decode(*member);
  if (!value.has_value()) return reader.fail(value.error());
  into = std::move(*value);
}

}  // namespace homeostat::codec
