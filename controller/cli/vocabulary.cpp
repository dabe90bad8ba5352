// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/vocabulary.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace homeostat {
namespace {

enum class Source { postgres, citus, partitions, kafka, batch_reports, zones, any_probe, later };

struct SignalRow {
  const char* name;
  SignalShape shape;
  SubjectKind about;
  const char* unit;
  Source source;
  const char* help;
  const char* denominator = "";
};

// `later`: the name is fixed, the probe is not there yet; an arm on it is dropped and named.
constexpr SignalRow kSignals[] = {
    {"pg_blocked_ratio", SignalShape::ratio, SubjectKind::node, "ratio", Source::postgres,
     "client transactions waiting for a lock, of all that are open", "pg_open_transactions"},
    {"pg_row_blocked_ratio", SignalShape::ratio, SubjectKind::node, "ratio", Source::postgres,
     "client transactions waiting for rows, of all that are open", "pg_open_transactions"},
    {"pg_open_transactions", SignalShape::gauge, SubjectKind::node, "transactions",
     Source::postgres, "client transactions open at the sampling instant"},
    {"pg_advisory_waiters", SignalShape::gauge, SubjectKind::node, "sessions", Source::postgres,
     "sessions waiting for an advisory lock; not part of pg_blocked_ratio"},
    {"pg_lock_wait_max_seconds", SignalShape::gauge, SubjectKind::node, "seconds", Source::postgres,
     "longest lock wait, by age of the waiting statement"},
    {"pg_lock_wait_p95_seconds", SignalShape::gauge, SubjectKind::node, "seconds", Source::postgres,
     "95th percentile of lock waits, by age of the waiting statement"},
    {"pg_waiters_over_500ms", SignalShape::gauge, SubjectKind::node, "sessions", Source::postgres,
     "sessions that have waited for a lock for more than 500 ms"},
    {"pg_blocked_session_seconds_total", SignalShape::counter, SubjectKind::node, "seconds",
     Source::postgres, "time spent waiting for locks, summed over all sessions"},
    {"pg_deadlocks_total", SignalShape::counter, SubjectKind::node, "deadlocks", Source::postgres,
     "deadlocks that PostgreSQL has resolved"},
    {"pg_recovery_conflicts_total", SignalShape::counter, SubjectKind::node, "conflicts",
     Source::postgres, "queries cancelled on a standby by recovery"},
    {"pg_idle_in_transaction_seconds", SignalShape::gauge, SubjectKind::node, "seconds",
     Source::postgres, "longest time a client has been idle inside a transaction"},
    {"probe_up", SignalShape::gauge, SubjectKind::node, "bool", Source::any_probe,
     "1 when every probe of the subject answered, else 0; never absent"},
    {"admission_queue_age_seconds", SignalShape::gauge, SubjectKind::zone, "seconds", Source::zones,
     "age of the oldest homeostat.admit() that waits in a zone's queue, 0: none"},
    {"citus_node_cv", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "coefficient of variation of rows over the Citus nodes"},
    {"citus_shard_cv", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "coefficient of variation of rows over the Citus shards, those that move together as one"},
    {"citus_node_max_deviation", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "how far the fullest Citus node is over its fair share"},
    {"citus_hottest_shard_share", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "rows of the largest Citus shard and those that move with it, of all"},
    {"citus_node_bytes_cv", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "coefficient of variation of bytes over the Citus nodes"},
    {"citus_node_bytes_max_deviation", SignalShape::gauge, SubjectKind::cluster, "ratio",
     Source::citus, "how far the Citus node with the most bytes is over its fair share"},
    {"citus_node_load_cv", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "coefficient of variation of rows read and written a second over the Citus nodes"},
    {"citus_node_load_max_deviation", SignalShape::gauge, SubjectKind::cluster, "ratio",
     Source::citus,
     "how far the busiest Citus node is over its fair share of rows read and written a second"},
    {"citus_hottest_tenant_share", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::citus,
     "CPU time of the busiest tenant, of all that Citus tracks"},
    {"citus_hottest_shard_fair_share", SignalShape::gauge, SubjectKind::cluster, "ratio",
     Source::citus,
     "rows of the largest Citus shard that can be split and those that move with it, of what a "
     "node should hold"},
    {"citus_deadlocks_total", SignalShape::counter, SubjectKind::cluster, "deadlocks",
     Source::citus, "deadlocks over several nodes that Citus has resolved"},
    {"citus_misplaced_shards", SignalShape::gauge, SubjectKind::cluster, "shards", Source::citus,
     "groups of Citus shards that lie on a node which their placement rule does not allow"},
    {"pg_partition_cv", SignalShape::gauge, SubjectKind::cluster, "ratio", Source::partitions,
     "coefficient of variation of rows over the partitions of postgres.partitions"},
    {"pg_largest_partition_share", SignalShape::gauge, SubjectKind::cluster, "ratio",
     Source::partitions, "rows of the largest partition of postgres.partitions, of all"},
    {"kafka_consumer_lag_events", SignalShape::gauge, SubjectKind::group, "events", Source::kafka,
     "events that a consumer group has not read yet"},
    {"kafka_consumer_lag_seconds", SignalShape::gauge, SubjectKind::group, "seconds", Source::kafka,
     "time since a consumer group was level with its topics, at most a few seconds more"},
    {"kafka_arrival_events_per_second", SignalShape::gauge, SubjectKind::group, "events per second",
     Source::kafka, "arrival rate of a consumer group's topics"},
    {"kafka_consumed_events_per_second", SignalShape::gauge, SubjectKind::group,
     "events per second", Source::kafka, "events that a consumer group commits as read"},
    {"kafka_consumer_stalled_partitions", SignalShape::gauge, SubjectKind::group, "partitions",
     Source::kafka,
     "partitions with events to read in which a consumer group has committed nothing for a minute"},
    {"kafka_consumer_lost_events", SignalShape::gauge, SubjectKind::group, "events", Source::kafka,
     "events that retention deleted before a consumer group, which still stands there, read them"},
    {"kafka_group_stable", SignalShape::gauge, SubjectKind::group, "bool", Source::kafka,
     "1 while a consumer group has members, each with its partitions; 0: rebalancing, empty, dead"},
    {"kafka_efficient_batch_events", SignalShape::gauge, SubjectKind::group, "events",
     Source::batch_reports,
     "events that a batch must hold to leave the consumer a fifth of its time"},
    {"view_age_seconds", SignalShape::gauge, SubjectKind::view, "seconds", Source::later,
     "time since a materialized view was refreshed"},
    {"clock_skew_seconds", SignalShape::gauge, SubjectKind::node, "seconds", Source::later,
     "difference between a node's clock and the supervisor's"},
};

// The classes that the shipped policies name; a configuration may declare features in others too.
constexpr const char* kClasses[] = {"rebuildable", "batch", "non_critical"};

// The database refuses a class that none of its features is in.
std::set<std::string> undeclared_classes(const std::vector<FeatureConfig>& features) {
  std::set<std::string> classes;
  for (const auto* klass : kClasses) {
    const auto in_it = [klass](const FeatureConfig& feature) { return feature.klass == klass; };
    if (std::none_of(features.begin(), features.end(), in_it)) {
      classes.insert(std::string("class/") + klass);
    }
  }
  return classes;
}

LeverDescription feature_lever(const std::vector<FeatureConfig>& features) {
  std::set<std::string> targets;
  for (const auto* klass : kClasses) targets.insert(std::string("class/") + klass);
  for (const auto& feature : features) {
    targets.insert("class/" + feature.klass);
    targets.insert("feature/" + feature.name);
  }
  LeverDescription lever;
  lever.help = "admits only a share of a feature's keys; applications ask homeostat.allowed()";
  lever.targets.assign(targets.begin(), targets.end());
  lever.arguments = {{"admit", ArgumentType::share, true, "share of keys admitted, 0% to 100%"}};
  return lever;
}

// The profile that the shipped policies name.
constexpr const char* kContention = "profile/contention";

LeverDescription planner_profile_lever(std::map<std::string, LeverValue> declared) {
  std::set<std::string> targets{kContention};
  for (const auto& [target, value] : declared) targets.insert(target);
  LeverDescription lever;
  lever.help = "sets a profile of the inventory on its roles, for their sessions to come";
  lever.traits.settles_last = true;
  lever.targets.assign(targets.begin(), targets.end());
  lever.declared = std::move(declared);
  return lever;
}

// Without sessions in the inventory it has no targets: a policy that names one is refused.
LeverDescription end_session_lever(std::map<std::string, LeverValue> declared) {
  LeverDescription lever;
  lever.inventory = "sessions";
  lever.help = "ends sessions of the inventory's roles that sit idle in a transaction and block";
  lever.traits.isolates = true;
  lever.traits.ends_sessions = true;
  for (const auto& [target, value] : declared) lever.targets.push_back(target);
  lever.declared = std::move(declared);
  return lever;
}

// A zone's are those of its node, or of its shards.
constexpr const char* kOfZones[] = {"pg_open_transactions", "pg_waiters_over_500ms", "probe_up"};
// Only where some zones have shards of their own, and none is without any.
constexpr const char* kOfShards[] = {"pg_blocked_ratio", "pg_row_blocked_ratio"};

// Without zones in the inventory it has no targets.
LeverDescription admission_lever(const std::vector<ZoneConfig>& zones) {
  LeverDescription lever;
  lever.inventory = "zones";
  lever.help = "how many transactions of a zone run at a time, and how long others queue for it";
  lever.arguments = {
      {"concurrency", ArgumentType::number, true, "transactions at a time", 1, 10'000},
      {"queue_limit", ArgumentType::duration, true, "who waits longer is turned away; <= 500ms"}};
  lever.regulated = {"concurrency", ArgumentType::number,     "transactions", 1, 10'000,
                     true,          "Transactions at a time."};
  for (const auto& zone : zones) lever.targets.push_back("zone/" + zone.name);
  return lever;
}

// Of zones, and of the nodes that hold them: an escalation goes there.
LeverDescription zone_lever(const std::vector<ZoneConfig>& zones) {
  std::set<std::string> targets;
  for (const auto& zone : zones) {
    targets.insert("zone/" + zone.name);
    targets.insert("node/" + zone.node);
  }
  LeverDescription lever;
  lever.inventory = "zones";
  lever.help = "turns transactions of a zone, or of all zones of a node, away at once";
  lever.traits.isolates = true;
  lever.traits.shuts_out = true;
  lever.arguments = {
      {"admit", ArgumentType::share, false, "share of keys let in all the same", {}, {}, "0%"}};
  lever.targets.assign(targets.begin(), targets.end());
  return lever;
}

/// Which of the sources a configuration has.
struct Sources {
  bool postgres = false;
  bool citus = false;
  bool partitions = false;
  bool kafka = false;
  bool batch_reports = false;  ///< consumers report to the ledger's home
  bool zones = false;          ///< and the schema that has their queues
  bool zone_locks = false;     ///< zones that have shards of their own
  bool injected = false;       ///< any signal
  bool moves_shards = false;

  bool have(Source source) const {
    switch (source) {
      case Source::postgres:
        return injected || postgres;
      case Source::citus:
        return injected || citus;
      case Source::partitions:
        return injected || partitions;
      case Source::kafka:
        return injected || kafka;
      case Source::batch_reports:
        return injected || batch_reports;
      case Source::zones:
        return injected || zones;
      case Source::any_probe:
        return true;
      case Source::later:
        break;
    }
    return injected;
  }
};

// Without a coordinator that is the ledger's home it has no targets.
LeverDescription rebalance_lever(bool moves_shards) {
  LeverDescription lever;
  lever.help = "moves shards of Citus between its nodes until they are even";
  lever.traits.isolates = true;
  lever.traits.runs_job = true;
  lever.traits.moves_bytes = true;
  lever.inventory = "postgres.citus";
  lever.arguments = {
      {"deviation", ArgumentType::share, true, "how far a node may be from its fair share"},
      {"weight", ArgumentType::text, false,
       "what is to be even: rows, bytes, load (rows read and written a second), max (the largest "
       "share of these), or trigger (what tripped; max where several did, rows where nothing "
       "did)"}};
  lever.traits.by_trigger = {{"citus_node_cv", "rows"},
                             {"citus_node_max_deviation", "rows"},
                             {"citus_shard_cv", "rows"},
                             {"citus_hottest_shard_share", "rows"},
                             {"citus_hottest_shard_fair_share", "rows"},
                             {"citus_node_bytes_cv", "bytes"},
                             {"citus_node_bytes_max_deviation", "bytes"},
                             {"citus_node_load_cv", "load"},
                             {"citus_node_load_max_deviation", "load"}};
  lever.traits.by_several = "max";
  if (moves_shards) lever.targets = {"cluster"};
  return lever;
}

LeverDescription split_lever(bool moves_shards) {
  LeverDescription lever = rebalance_lever(moves_shards);
  lever.help =
      "isolates the largest tenant of a group of shards of Citus that is too large for any node, "
      "or halves it";
  return lever;
}

// Without Kafka it has no targets.
LeverDescription batch_window_lever(const std::vector<std::string>& groups) {
  LeverDescription lever;
  lever.help = "how long a consumer group gathers events before it writes them as one batch";
  lever.arguments = {{"window", ArgumentType::duration, true, "how long events are gathered"},
                     {"drain_limit", ArgumentType::number, true,
                      "events that a batch takes at most, of a backlog too", 1, 1'000'000}};
  lever.regulated = {"window", ArgumentType::duration,         "seconds", 0, 10,
                     false,    "How long events are gathered."};
  for (const auto& group : groups) lever.targets.push_back("group/" + group);
  return lever;
}

Vocabulary vocabulary(const Sources& sources, const std::vector<FeatureConfig>& features,
                      std::map<std::string, LeverValue> profiles,
                      std::map<std::string, LeverValue> sessions,
                      const std::vector<std::string>& groups,
                      const std::vector<ZoneConfig>& zones) {
  Vocabulary words;
  for (const auto& row : kSignals) {
    SignalDescription signal;
    signal.traits.shape = row.shape;
    signal.about = row.about;
    signal.unit = row.unit;
    signal.help = row.help;
    signal.denominator = row.denominator;
    signal.provided = sources.have(row.source);
    words.signals.emplace(row.name, std::move(signal));
  }
  words.levers.emplace("feature", feature_lever(features));
  words.levers.emplace("planner_profile", planner_profile_lever(std::move(profiles)));
  words.levers.emplace("end_session", end_session_lever(std::move(sessions)));
  words.levers.emplace("batch_window", batch_window_lever(groups));
  words.levers.emplace("rebalance", rebalance_lever(sources.moves_shards));
  words.levers.emplace("split", split_lever(sources.moves_shards));
  words.levers.emplace("admission", admission_lever(zones));
  words.levers.emplace("zone", zone_lever(zones));
  for (const auto* name : kOfZones) words.signals[name].also_about = SubjectKind::zone;
  for (const auto* name : kOfShards) {
    words.signals[name].also_about = SubjectKind::zone;
    words.signals[name].also_provided = sources.zone_locks || sources.injected;
  }
  words.subjects[SubjectKind::cluster] = {Subject{}};
  for (const auto& zone : zones) {
    const Subject subject{SubjectKind::zone, zone.name};
    words.subjects[SubjectKind::zone].push_back(subject);
    words.holders.emplace(subject, Subject{SubjectKind::node, zone.node});
  }
  for (const auto& group : groups) {
    words.subjects[SubjectKind::group].push_back({SubjectKind::group, group});
  }
  return words;
}

}  // namespace

bool moves_shards(const Config& config) {
  return config.citus && config.ledger && config.ledger->node == config.citus->coordinator;
}

bool deals_shards(const Config& config, const std::string& node) {
  const auto zones = std::count_if(config.zones.begin(), config.zones.end(),
                                   [&](const ZoneConfig& zone) { return zone.node == node; });
  return config.citus && node != config.citus->coordinator && zones > 1;
}

bool zones_have_locks(const Config& config) {
  const auto& zones = config.zones;
  return std::any_of(zones.begin(), zones.end(),
                     [&](const ZoneConfig& zone) { return deals_shards(config, zone.node); }) &&
         std::none_of(zones.begin(), zones.end(), [&](const ZoneConfig& zone) {
           return zone.node == config.citus->coordinator;
         });
}

Vocabulary make_vocabulary(const Config& config) {
  std::map<std::string, LeverValue> profiles;
  for (const auto& profile : config.profiles) {
    profiles.emplace("profile/" + profile.name, profile_value(profile));
  }
  std::map<std::string, LeverValue> sessions;
  for (const auto& entry : config.sessions) {
    sessions.emplace("sessions/" + entry.name, sessions_value(entry));
  }
  Sources sources;
  sources.postgres = !config.nodes.empty();
  sources.citus = config.citus.has_value();
  sources.partitions = config.partitions.has_value();
  sources.moves_shards = moves_shards(config);
  sources.kafka = config.kafka.has_value();
  sources.batch_reports = config.kafka && config.ledger;
  sources.zones = !config.zones.empty() && config.ledger;
  sources.zone_locks = zones_have_locks(config);
  sources.injected = config.injected.has_value();
  auto words =
      vocabulary(sources, config.features, std::move(profiles), std::move(sessions),
                 config.kafka ? config.kafka->groups : std::vector<std::string>{}, config.zones);
  // Without any feature, while nothing may act, policies are being tried out: what they would have
  // shed is what there is to see.
  if (!config.features.empty() || config.mode_ceiling > Mode::shadow) {
    words.levers.at("feature").undeclared = undeclared_classes(config.features);
  }
  for (const auto& node : config.nodes) {
    words.subjects[SubjectKind::node].push_back({SubjectKind::node, node.name});
  }
  return words;
}

Vocabulary make_vocabulary() {
  Sources sources;
  sources.postgres = true;
  sources.citus = true;
  sources.partitions = true;
  sources.moves_shards = true;
  sources.kafka = true;
  sources.batch_reports = true;
  sources.zones = true;
  sources.zone_locks = true;
  auto words =
      vocabulary(sources, {}, {{kContention, {}}}, {}, {"play-counts"}, {{"main", "main"}});
  words.subjects[SubjectKind::node] = {{SubjectKind::node, "main"}};
  return words;
}

}  // namespace homeostat
