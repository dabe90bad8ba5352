// SPDX-License-Identifier: Apache-2.0
// How long homeostat.admit() keeps transactions waiting, zone by zone. One session, one statement a
// sample. Never decides, never writes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/transport/pg_session.hpp"
#include "probes/backoff.hpp"

namespace homeostat {

struct AdmissionQueueOptions {
  pg::Address address;             ///< of the ledger's node, as the monitor
  std::vector<std::string> zones;  ///< of the inventory
  std::uint64_t seed = 0;          ///< of the reconnect's jitter
};

/// Samples about zone/NAME:
///   admission_queue_age_seconds   age of the oldest statement that waits in the zone's queue, no
///                                 more than the queue's limit; 0: nobody waits, or no limit stands
/// Errors: missing_privilege when the schema does not answer us; a connection that is down is tried
/// again by Backoff.
class AdmissionQueue : public Probe {
 public:
  AdmissionQueue(boost::asio::any_io_executor executor, AdmissionQueueOptions options);

  std::string_view name() const override { return "admission_queue"; }
  /// Not the node: that its queues cannot be read says nothing of whether it works.
  Subject subject() const override { return {}; }
  std::vector<SignalName> signals() const override { return {"admission_queue_age_seconds"}; }
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  boost::asio::awaitable<Result<void>> read(TimePoint now, Duration deadline, Reading& reading);

  AdmissionQueueOptions options_;
  pg::Session session_;
  Backoff backoff_;
  std::string last_error_;
};

}  // namespace homeostat
