// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/wiring.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "actuators/admission.hpp"
#include "actuators/batch_window.hpp"
#include "actuators/end_session.hpp"
#include "actuators/feature.hpp"
#include "actuators/planner_profile.hpp"
#include "actuators/rebalance.hpp"
#include "actuators/split.hpp"
#include "actuators/zone.hpp"
#include "controller/cli/shard_plan.hpp"
#include "controller/cli/vocabulary.hpp"
#include "controller/cli/zone_dealer.hpp"
#include "controller/transport/kafka_topic.hpp"
#include "probes/admission_queue.hpp"
#include "probes/citus_shards.hpp"
#include "probes/injected.hpp"
#include "probes/kafka_lag.hpp"
#include "probes/pg_locks.hpp"
#include "probes/pg_partitions.hpp"

namespace homeostat {
namespace {

CitusShardsOptions citus_options(const Config& config) {
  CitusShardsOptions options;
  for (const auto& node : config.nodes) {
    const auto given = config.citus->capacity.find(node.name);
    options.nodes.push_back({node.name,
                             address_of(config, node.name, node.user, node.password_file),
                             given == config.citus->capacity.end() ? 1 : given->second});
  }
  options.coordinator = config.citus->coordinator;
  for (const auto& rule : config.citus->placement) {
    options.rules.push_back({rule.table, rule.keys, rule.nodes});
  }
  options.change_slots = config.citus->change_slots;
  options.show_queries = config.show_queries;
  // No reading may be stale before the next one is there. The engine's settings are sped up
  // already.
  options.every = std::min(config.engine.fold, config.engine.stale_after / 2);
  options.load_window /= config.speed_up;
  options.sizes_every /= config.speed_up;
  options.sizes_again /= config.speed_up;
  options.seed = static_cast<std::uint64_t>(getpid()) + 2;
  return options;
}

KafkaLagOptions lag_options(const KafkaConfig& kafka, const std::string& group, int speed_up) {
  KafkaLagOptions options;
  options.group = group;
  options.address = address_of(kafka);
  options.partition_metrics = kafka.per_partition_metrics;
  options.windows.arrival /= speed_up;
  options.windows.judged /= speed_up;
  options.windows.spacing /= speed_up;
  options.windows.level /= speed_up;
  options.discover_every /= speed_up;
  options.thorough_every /= speed_up;
  return options;
}

// Where the ledger is, as the monitor of that node.
pg::Address beside_ledger(const Config& config) {
  const auto home =
      std::find_if(config.nodes.begin(), config.nodes.end(),
                   [&](const NodeConfig& one) { return one.name == config.ledger->node; });
  if (home == config.nodes.end()) return {};
  return address_of(config, home->name, home->user, home->password_file);
}

AdmissionQueueOptions queue_options(const Config& config) {
  AdmissionQueueOptions options;
  options.address = beside_ledger(config);
  for (const auto& zone : config.zones) options.zones.push_back(zone.name);
  options.seed = static_cast<std::uint64_t>(getpid()) + 2;
  return options;
}

PgPartitionsOptions partitions_options(const Config& config) {
  PgPartitionsOptions options;
  for (const auto& node : config.nodes) {
    if (node.name != config.partitions->node) continue;
    options.address = address_of(config, node.name, node.user, node.password_file);
  }
  options.table = config.partitions->table;
  options.seed = static_cast<std::uint64_t>(getpid()) + 3;
  return options;
}

// Nothing where no zone has PgBouncer.
std::unique_ptr<PoolSizes> make_pools(const Config& config,
                                      const boost::asio::any_io_executor& executor,
                                      pg::Session& actuator, const Clock& clock) {
  std::vector<PoolerProcess> processes;
  for (const auto& zone : config.zones) {
    for (const auto& one : zone.pgbouncer) {
      processes.push_back({one.name, zone.name, console_of(one)});
    }
  }
  if (processes.empty()) return nullptr;
  return std::make_unique<PoolSizes>(executor, std::move(processes), actuator, clock);
}

KafkaBatchesOptions batches_options(const Config& config) {
  KafkaBatchesOptions options;
  options.address = beside_ledger(config);
  options.groups = config.kafka->groups;
  options.window /= config.speed_up;
  options.active /= config.speed_up;
  options.every /= config.speed_up;
  options.seed = static_cast<std::uint64_t>(getpid()) + 1;
  return options;
}

// The coordinator, which has no shards, is not in the layout.
std::vector<ZonePlace> zone_places(const Config& config, const KnownShards& shards) {
  std::vector<ZonePlace> places;
  for (const auto& zone : config.zones) {
    ZonePlace place{zone.name, zone.node, {}, config.ledger && config.ledger->node == zone.node};
    if (place.here) place.group = 0;
    const auto known = shards.newest ? shards.newest->nodes : std::vector<ShardLayout::Node>{};
    for (const auto& node : known) {
      if (node.name == zone.node) place.group = node.group;
    }
    places.push_back(std::move(place));
  }
  return places;
}

}  // namespace

pg::Address address_of(const Config& config, const std::string& node, const std::string& user,
                       const std::string& password_file) {
  pg::Address address;
  const auto found = std::find_if(config.nodes.begin(), config.nodes.end(),
                                  [&](const NodeConfig& one) { return one.name == node; });
  if (found == config.nodes.end()) return address;
  address.host = found->host;
  address.port = found->port;
  address.dbname = found->dbname;
  address.user = user;
  address.password_file = password_file;
  address.sslmode = found->sslmode;
  address.sslrootcert = found->sslrootcert;
  return address;
}

pg::Address console_of(const PoolerConfig& process) {
  pg::Address address;
  address.host = process.host;
  address.port = process.port;
  address.dbname = "pgbouncer";
  address.user = process.user;
  address.password_file = process.password_file;
  address.sslmode = process.sslmode;
  address.sslrootcert = process.sslrootcert;
  return address;
}

kafka::Address address_of(const KafkaConfig& kafka) {
  kafka::Address address;
  for (const auto& broker : kafka.bootstrap) {
    if (!address.bootstrap.empty()) address.bootstrap += ',';
    address.bootstrap += broker;
  }
  address.properties_file = kafka.properties_file;
  return address;
}

std::unique_ptr<Probe> make_citus_probe(const Config& config,
                                        const boost::asio::any_io_executor& executor,
                                        const std::shared_ptr<KnownShards>& shards,
                                        std::optional<Duration> load_window) {
  auto options = citus_options(config);
  options.known = shards;
  if (load_window) {
    options.load_window = *load_window;
    options.every = {};
  }
  return std::make_unique<CitusShards>(executor, std::move(options));
}

std::vector<std::unique_ptr<Probe>> make_probes(const Config& config,
                                                const boost::asio::any_io_executor& executor,
                                                const std::shared_ptr<KnownShards>& shards) {
  std::vector<std::unique_ptr<Probe>> probes;
  for (const auto& node : config.nodes) {
    PgLocksOptions options;
    options.node = node.name;
    for (const auto& zone : config.zones) {
      if (zone.node == node.name) options.zones.push_back(zone.name);
    }
    options.zones_have_ratios = zones_have_locks(config);
    if (deals_shards(config, node.name)) {
      auto dealer = std::make_shared<ZoneDealer>(node.name, options.zones, shards);
      options.shard_zones = [dealer] { return dealer->deal(); };
    }
    options.address = address_of(config, node.name, node.user, node.password_file);
    options.own_roles = {node.user, "homeostat_guard"};  // that of sql/pg_cron.sql
    if (config.ledger) options.own_roles.push_back(config.ledger->user);
    options.show_queries = config.show_queries;
    options.root_blocker_every /= config.speed_up;
    options.seed = static_cast<std::uint64_t>(getpid());
    probes.push_back(std::make_unique<PgLocks>(executor, std::move(options)));
  }
  if (config.ledger && !config.zones.empty()) {
    probes.push_back(std::make_unique<AdmissionQueue>(executor, queue_options(config)));
  }
  if (config.citus) probes.push_back(make_citus_probe(config, executor, shards));
  if (config.partitions) {
    probes.push_back(std::make_unique<PgPartitions>(executor, partitions_options(config)));
  }
  if (config.kafka) {
    std::shared_ptr<BatchReports> reports;
    if (config.ledger) {
      reports = std::make_shared<BatchReports>();
      probes.push_back(std::make_unique<KafkaBatches>(executor, batches_options(config), reports));
    }
    for (const auto& group : config.kafka->groups) {
      auto options = lag_options(*config.kafka, group, config.speed_up);
      options.reports = reports;
      probes.push_back(std::make_unique<KafkaLag>(executor, std::move(options)));
    }
  }
  if (config.injected) probes.push_back(std::make_unique<Injected>(config.injected->path));
  return probes;
}

std::vector<std::unique_ptr<Lever>> make_levers(const Config& config,
                                                const boost::asio::any_io_executor& executor,
                                                pg::Session& actuator, const Clock& clock,
                                                const std::shared_ptr<KnownShards>& shards) {
  std::vector<std::unique_ptr<Lever>> levers;
  levers.push_back(std::make_unique<FeatureLever>(actuator, clock));
  levers.push_back(std::make_unique<PlannerProfileLever>(actuator, clock));
  levers.push_back(std::make_unique<EndSessionLever>(actuator));
  levers.push_back(std::make_unique<AdmissionLever>(actuator, clock, std::chrono::seconds{2},
                                                    make_pools(config, executor, actuator, clock)));
  levers.push_back(std::make_unique<ZoneLever>(
      actuator, [config, shards] { return zone_places(config, *shards); }, clock));
  if (config.kafka) {
    auto topic = std::make_unique<kafka::CompactedTopic>(executor, address_of(*config.kafka),
                                                         config.kafka->control_topic);
    levers.push_back(std::make_unique<BatchWindowLever>(actuator, std::move(topic), clock));
  }
  if (moves_shards(config)) {
    const auto& ledger = *config.ledger;
    levers.push_back(std::make_unique<RebalanceLever>(
        executor, actuator, address_of(config, ledger.node, ledger.user, ledger.password_file),
        [shards, &clock](const LeverValue& value) {
          return plan_shards(shards->newest, value, clock.now());
        },
        clock));
    levers.push_back(std::make_unique<SplitLever>(
        executor, actuator, address_of(config, ledger.node, ledger.user, ledger.password_file),
        [shards, &clock](const LeverValue& value) {
          return choose_split(shards->newest, value, clock.now());
        },
        clock));
  }
  return levers;
}

}  // namespace homeostat
