// SPDX-License-Identifier: Apache-2.0
// The daemon's own configuration, every default filled in. Plain values.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

struct NodeConfig {
  std::string name;
  std::string host;  ///< a name, an address, or the absolute directory of a Unix socket
  int port = 5432;
  std::string dbname;
  std::string user = "homeostat_monitor";
  std::string password_file;
  std::string sslmode = "verify-full";  ///< ignored on a Unix socket
  std::string sslrootcert;
  Place place;
  friend bool operator==(const NodeConfig&, const NodeConfig&) = default;
};

struct LedgerConfig {
  std::string node;  ///< of postgres.nodes
  std::string user = "homeostat_actuator";
  std::string password_file;
  friend bool operator==(const LedgerConfig&, const LedgerConfig&) = default;
};

/// Where the shards of a table, or of some keys of it, may lie: a hard limit of every plan.
struct PlacementConfig {
  std::string table;               ///< SCHEMA.TABLE, hash-distributed
  std::vector<std::string> keys;   ///< values of its distribution column, as text; none: all shards
  std::vector<std::string> nodes;  ///< of postgres.nodes
  friend bool operator==(const PlacementConfig&, const PlacementConfig&) = default;
};

/// There is one where the nodes form a Citus cluster.
struct CitusConfig {
  std::string coordinator;                 ///< of postgres.nodes
  std::map<std::string, double> capacity;  ///< by node, its share beside one of 1; 1 of others
  std::vector<PlacementConfig> placement;
  std::set<std::string> change_slots = {};  ///< logical slots whose readers may get copied rows
  friend bool operator==(const CitusConfig&, const CitusConfig&) = default;
};

/// A hash-partitioned table of one server, whose partitions are measured, and never moved.
struct PartitionsConfig {
  std::string node;   ///< of postgres.nodes
  std::string table;  ///< SCHEMA.TABLE, quoted as SQL wants it
  friend bool operator==(const PartitionsConfig&, const PartitionsConfig&) = default;
};

struct FeatureConfig {
  std::string name;
  std::string klass;  ///< the key is `class`
  friend bool operator==(const FeatureConfig&, const FeatureConfig&) = default;
};

/// What the lever planner_profile sets together, as its target profile/NAME.
struct ProfileConfig {
  std::string name;
  std::vector<std::string> roles;
  std::map<std::string, std::string> settings;  ///< as PostgreSQL takes them: lock_timeout -> 2s
  friend bool operator==(const ProfileConfig&, const ProfileConfig&) = default;
};

/// Where the profile stands when it is set: `role/setting` -> its text.
LeverValue profile_value(const ProfileConfig& profile);

/// Whose sessions the lever end_session may end, as its target sessions/NAME.
struct SessionsConfig {
  std::string name;
  std::vector<std::string> roles;
  Duration idle_for = std::chrono::seconds{30};  ///< idle in a transaction for at least this long
  int limit = 5;                                 ///< sessions ended an hour, of all its roles
  friend bool operator==(const SessionsConfig&, const SessionsConfig&) = default;
};

/// Where the lever stands on them: `roles` (joined by ", "), `idle_for` in seconds, `limit`.
LeverValue sessions_value(const SessionsConfig& sessions);

/// A PgBouncer process, at its administration console.
struct PoolerConfig {
  std::string name;
  std::string host;
  int port = 6432;
  std::string user = "homeostat_actuator";  ///< one of its admin_users
  std::string password_file;
  std::string sslmode = "verify-full";
  std::string sslrootcert;
  std::string database;  ///< the zone's, as this process calls it
  friend bool operator==(const PoolerConfig&, const PoolerConfig&) = default;
};

/// A counter that the application spreads over homeostat.counter_slots(name) rows.
struct CounterConfig {
  std::string name;
  int slots = 2;                             ///< 2 to 1024: while its zone is limited
  int slots_at_rest = 1;                     ///< 1 to slots: otherwise
  std::optional<int> below = {};             ///< transactions; nothing: any limit counts
  Duration hold = std::chrono::minutes{10};  ///< how long a limit below `below` counts on
  friend bool operator==(const CounterConfig&, const CounterConfig&) = default;
};

/// A part of the load whose transactions the lever admission limits, as zone/NAME.
struct ZoneConfig {
  std::string name;
  std::string node;                          ///< of postgres.nodes: whose lock waits are the zone's
  std::vector<PoolerConfig> pgbouncer = {};  ///< every process that serves it, and no other zone
  std::vector<CounterConfig> counters = {};  ///< no name is in two zones
  friend bool operator==(const ZoneConfig&, const ZoneConfig&) = default;
};

struct KafkaConfig {
  std::vector<std::string> bootstrap;  ///< HOST:PORT of some of the brokers
  std::string properties_file;         ///< of librdkafka: TLS, SASL; empty: none
  std::vector<std::string> groups;     ///< each watched by a probe of its own
  bool per_partition_metrics = false;
  std::string control_topic = "homeostat.control";  ///< where the lever batch_window writes
  friend bool operator==(const KafkaConfig&, const KafkaConfig&) = default;
};

struct InjectedConfig {
  std::string path;  ///< of the file with samples (probe `injected`)
  friend bool operator==(const InjectedConfig&, const InjectedConfig&) = default;
};

enum class OnExit { revert, keep };
enum class LogFormat { text, json };

struct Config {
  std::string path;  ///< of the file
  Mode mode_ceiling = Mode::shadow;
  Duration tick = std::chrono::seconds{30};
  EngineSettings engine;              ///< from `sampling`
  int speed_up = 1;                   ///< every duration of policies, tick and sampling is divided
  std::vector<std::string> policies;  ///< patterns, as written; relative to the file's folder
  std::vector<NodeConfig> nodes;
  std::optional<LedgerConfig> ledger;
  std::optional<CitusConfig> citus;
  std::optional<PartitionsConfig> partitions;
  std::optional<KafkaConfig> kafka;
  std::optional<InjectedConfig> injected;
  std::vector<std::string> alertmanagers;  ///< base URLs
  std::string listen_host = "127.0.0.1";
  int listen_port = 9780;
  std::string journal_path = "/var/lib/homeostat/journal.db";
  Duration journal_keep = std::chrono::hours{24 * 14};
  std::int64_t journal_max_bytes = 100'000'000;
  OnExit on_exit = OnExit::revert;
  bool show_queries = false;
  LogFormat log_format = LogFormat::text;
  std::string log_level = "info";
  std::vector<FeatureConfig> features;
  std::vector<ProfileConfig> profiles;
  std::vector<SessionsConfig> sessions;
  std::vector<ZoneConfig> zones;
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace homeostat
