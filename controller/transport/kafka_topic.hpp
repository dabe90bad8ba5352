// SPDX-License-Identifier: Apache-2.0
// A compacted Kafka topic of one partition, read and written by key. Thin: it knows no lever and no
// message.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>

#include "controller/transport/kafka_group.hpp"
#include "controller/transport/keyed_topic.hpp"

namespace homeostat::kafka {

/// Two clients of librdkafka, one that reads and one that writes (acks=all, idempotent), on a
/// thread of their own. It joins no group and commits nothing.
///
/// Once no broker has answered, calls of the next two seconds answer the same at once: many keys
/// must not wait one after the other.
class CompactedTopic : public KeyedTopic {
 public:
  /// Connects when first asked.
  CompactedTopic(boost::asio::any_io_executor executor, Address address, std::string name);
  /// Waits for a call under way: by its deadline it is over.
  ~CompactedTopic() override;
  CompactedTopic(const CompactedTopic&) = delete;
  CompactedTopic& operator=(const CompactedTopic&) = delete;

  const std::string& name() const override;
  [[nodiscard]] boost::asio::awaitable<Result<std::optional<KeyedRecord>>> last(
      std::string key, Duration deadline) override;
  [[nodiscard]] boost::asio::awaitable<Result<void>> write(std::string key,
                                                           std::optional<std::string> value,
                                                           std::string issuer,
                                                           Duration deadline) override;
  [[nodiscard]] boost::asio::awaitable<Result<void>> make(Duration deadline) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace homeostat::kafka
