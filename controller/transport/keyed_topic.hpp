// SPDX-License-Identifier: Apache-2.0
// A topic of which only the last record of each key counts.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// The last record of a key.
struct KeyedRecord {
  std::optional<std::string> value;  ///< nothing: a tombstone, which takes the key away
  std::string issuer;                ///< the header of that name; empty: it has none
  std::int64_t offset = 0;           ///< rises with each record of the topic
  friend bool operator==(const KeyedRecord&, const KeyedRecord&) = default;
};

/// One call at a time. Each ends by its deadline, counted from the call. Errors: `timeout` and
/// `unavailable` (no broker answers), `refused` (authentication, TLS), `missing_privilege` (names
/// the ACL), `not_found` (there is no such topic), `invalid_input` (it is none of this kind, or the
/// client's properties are wrong).
class KeyedTopic {
 public:
  virtual ~KeyedTopic() = default;

  virtual const std::string& name() const = 0;

  /// The last record of `key` at the time of the call; nothing: it never had one, or what it had
  /// has been compacted away.
  [[nodiscard]] virtual boost::asio::awaitable<Result<std::optional<KeyedRecord>>> last(
      std::string key, Duration deadline) = 0;

  /// Appends a record, once. An error leaves open whether it is there: it is not sent any more, but
  /// a broker that was frozen may still have it to take.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> write(std::string key,
                                                                   std::optional<std::string> value,
                                                                   std::string issuer,
                                                                   Duration deadline) = 0;

  /// Makes the topic; one that is there is left as it is.
  [[nodiscard]] virtual boost::asio::awaitable<Result<void>> make(Duration deadline) = 0;
};

}  // namespace homeostat
