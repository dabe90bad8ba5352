// SPDX-License-Identifier: Apache-2.0
// The only list of concrete probes and levers. A new one is added here, by hand, on purpose.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/ports/clock.hpp"
#include "controller/ports/lever.hpp"
#include "controller/ports/probe.hpp"
#include "controller/ports/shard_layout.hpp"
#include "controller/transport/kafka_group.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/config.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// In the order of sampling: where two sample one signal of one subject, the later one wins, so
/// `injected` comes last. How shards lie is left in `shards`.
std::vector<std::unique_ptr<Probe>> make_probes(const Config& config,
                                                const boost::asio::any_io_executor& executor,
                                                const std::shared_ptr<KnownShards>& shards);

/// With `load_window` it counts rows read and written over that, not over a minute, and reads anew
/// each time that it is asked. REQUIRES: config.citus.
std::unique_ptr<Probe> make_citus_probe(const Config& config,
                                        const boost::asio::any_io_executor& executor,
                                        const std::shared_ptr<KnownShards>& shards,
                                        std::optional<Duration> load_window = {});

/// Levers whose effect is SQL share the actuator's own direct session, which also holds the lease.
/// `batch_window` is there only where Kafka is configured, `rebalance` where the ledger's node is
/// the coordinator of Citus: it plans by `shards`.
std::vector<std::unique_ptr<Lever>> make_levers(const Config& config,
                                                const boost::asio::any_io_executor& executor,
                                                pg::Session& actuator, const Clock& clock,
                                                const std::shared_ptr<KnownShards>& shards);

/// The node of `name`, as the given role reaches it. REQUIRES: the node exists (checked at load).
pg::Address address_of(const Config& config, const std::string& node, const std::string& user,
                       const std::string& password_file);

/// The administration console of a PgBouncer process.
pg::Address console_of(const PoolerConfig& process);

/// The brokers, as clients of them begin.
kafka::Address address_of(const KafkaConfig& kafka);

}  // namespace homeostat
