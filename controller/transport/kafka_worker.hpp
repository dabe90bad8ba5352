// SPDX-License-Identifier: Apache-2.0
// A thread for librdkafka's calls, which block, beside the loop. Internal to what speaks Kafka.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>

#include "controller/transport/kafka_until.hpp"

namespace homeostat::kafka {

class Worker {
 public:
  /// What is done on the thread. By the end of the Until it must be over, or nearly.
  using Call = std::function<void(const Until&)>;

  explicit Worker(boost::asio::any_io_executor executor);
  /// Waits for a call under way.
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  enum class End {
    done,
    late,  ///< not over by the deadline: it still goes on, so that it must own what it touches
    busy,  ///< the call before is not over yet: this one was not begun
  };

  /// One call at a time. `deadline` counts from here; the call gets a little less of it, so that
  /// librdkafka's own words are heard. What the call wrote may be read after `done` only.
  boost::asio::awaitable<End> run(Call call, Duration deadline);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace homeostat::kafka
