// SPDX-License-Identifier: Apache-2.0
// What consumers of Kafka report of their batches (homeostat.report_batches), of all groups with
// one PostgreSQL session. Never decides, never writes.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/probe.hpp"
#include "controller/transport/pg_session.hpp"
#include "probes/backoff.hpp"
#include "probes/batch_cost.hpp"

namespace homeostat {

/// What the members of one group have reported within the window.
struct GroupReports {
  BatchSums sums;
  int members = 0;  ///< who wrote an event within KafkaBatchesOptions::active
};

/// What the last reading found, for the probes of the groups.
struct BatchReports {
  bool lost = false;                                ///< the server is away
  std::map<std::string, GroupReports> groups = {};  ///< those of which there is a report
};

struct KafkaBatchesOptions {
  pg::Address address;              ///< of the ledger's node, as the monitor
  std::vector<std::string> groups;  ///< whose reports are read
  Duration window = std::chrono::minutes{5};
  Duration active = std::chrono::minutes{1};
  Duration every = std::chrono::seconds{5};  ///< how often is asked; in between nothing is
  std::uint64_t seed = 0;                    ///< of the reconnect's jitter
};

/// It gives no samples of its own: the probe of each group, KafkaLag, makes its
/// `kafka_efficient_batch_events` of what stands in `reports`, of which this is the only writer.
///
/// A schema that is not there or not readable for us is told as the Note `batches`, not as an
/// Error: reports are voluntary. Errors: a connection that is down, tried again by Backoff.
class KafkaBatches : public Probe {
 public:
  KafkaBatches(boost::asio::any_io_executor executor, KafkaBatchesOptions options,
               std::shared_ptr<BatchReports> reports);

  std::string_view name() const override { return "kafka_batches"; }
  /// Not the node: that its reports cannot be read says nothing of whether it works.
  Subject subject() const override { return {}; }
  std::vector<SignalName> signals() const override { return {}; }
  [[nodiscard]] boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                               Duration deadline) override;

 private:
  boost::asio::awaitable<Result<void>> ask(TimePoint now, Duration deadline);
  boost::asio::awaitable<Result<void>> read(Duration deadline);
  Result<void> take(const pg::Table& table);

  KafkaBatchesOptions options_;
  std::shared_ptr<BatchReports> reports_;
  pg::Session session_;
  Backoff backoff_;
  std::optional<TimePoint> asked_;
  std::optional<Error> error_;  ///< of the last attempt
  std::string trouble_;         ///< why the server does not tell; empty: it does
};

}  // namespace homeostat
