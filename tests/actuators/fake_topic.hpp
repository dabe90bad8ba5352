// SPDX-License-Identifier: Apache-2.0
// A control topic in memory, which can be out of order in every way.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <utility>

#include "controller/transport/keyed_topic.hpp"

namespace homeostat::fakes {

class FakeTopic : public KeyedTopic {
 public:
  const std::string& name() const override { return name_; }

  boost::asio::awaitable<Result<std::optional<KeyedRecord>>> last(std::string key,
                                                                  Duration) override {
    if (unreadable) co_return *unreadable;
    if (missing) {
      Error error{ErrorCode::not_found, "topic control: unknown", {}};
      co_return error;
    }
    const auto found = records.find(key);
    std::optional<KeyedRecord> record;
    if (found != records.end()) record = found->second;
    co_return record;
  }

  boost::asio::awaitable<Result<void>> write(std::string key, std::optional<std::string> value,
                                             std::string issuer, Duration) override {
    ++written;
    if (unwritable) co_return *unwritable;
    put(key, std::move(value), std::move(issuer));
    Result<void> done;
    co_return done;
  }

  boost::asio::awaitable<Result<void>> make(Duration) override {
    if (unmakable) co_return *unmakable;
    missing = false;
    Result<void> done;
    co_return done;
  }

  /// A record by anybody.
  void put(const std::string& key, std::optional<std::string> value, std::string issuer) {
    records[key] = KeyedRecord{std::move(value), std::move(issuer), ++offset};
  }

  std::map<std::string, KeyedRecord> records;
  std::optional<Error> unreadable;
  std::optional<Error> unwritable;
  std::optional<Error> unmakable;
  bool missing = false;
  int written = 0;  ///< attempts
  std::int64_t offset = -1;

 private:
  std::string name_ = "control";
};

}  // namespace homeostat::fakes
