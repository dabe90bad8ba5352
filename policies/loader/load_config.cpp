// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "policies/loader/auto_zones.hpp"
#include "policies/loader/citus.hpp"
#include "policies/loader/config_keys.hpp"
#include "policies/loader/counters.hpp"
#include "policies/loader/findings.hpp"
#include "policies/loader/listen_address.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/nodes.hpp"
#include "policies/loader/poolers.hpp"
#include "policies/loader/profiles.hpp"
#include "policies/loader/reader.hpp"
#include "policies/loader/secret_file.hpp"
#include "policies/loader/sessions.hpp"
#include "policies/loader/yaml_tree.hpp"

namespace homeostat {
namespace loader {
namespace {

class ConfigBuilder {
 public:
  ConfigBuilder(const std::string& path, const Value& document, Secrets secrets,
                std::vector<Finding>& errors)
      : document_(document), secrets_(secrets), errors_(errors) {
    config_.path = path;
  }

  Config build();

 private:
  void read_loop();
  void read_sampling();
  void read_limits();
  void read_nodes(const Value& postgres);
  NodeConfig read_node(const Value& value);
  void read_ledger(const Value& value);
  void read_partitions(const Value& value);
  void read_kafka(const Value& value);
  void read_http(const Value& value);
  void read_journal_and_log();
  void read_inventory(const Value& inventory);
  void read_features(const Value& inventory);
  void read_zones(const Value& inventory);
  std::vector<std::string> node_names() const;
  std::string database_of(const std::string& node) const;
  bool is_node(const std::string& node, const Value& record, const std::string& key);
  void read_secret(std::string& target, const Value& record,
                   const std::string& key = "password_file");
  void read_certificates(std::string& target, const Value& record);
  std::string resolved(const std::string& path) const {
    const auto folder = std::filesystem::path(config_.path).parent_path();
    return (folder / path).string();  // an absolute path replaces the folder
  }
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }

  const Value& document_;
  Secrets secrets_;
  std::vector<Finding>& errors_;
  Config config_;
};

void ConfigBuilder::read_loop() {
  if (const auto* const mode = get<std::string>(document_, "mode_ceiling")) {
    config_.mode_ceiling = parse_mode(*mode).value_or(Mode::shadow);
  }
  assign<std::int64_t>(config_.speed_up, document_, "speed_up");
  assign_duration(config_.tick, document_, "tick");
  assign<bool>(config_.show_queries, document_, "show_queries");
  if (const auto* const on_exit = get<std::string>(document_, "on_exit")) {
    config_.on_exit = *on_exit == "keep" ? OnExit::keep : OnExit::revert;
  }
  if (const auto* const policies = find(document_, "policies")) {
    for (const auto& pattern : policies->children) {
      config_.policies.push_back(std::get<std::string>(pattern.scalar));
    }
  }
  read_sampling();
  read_limits();
  config_.tick /= config_.speed_up;
  config_.engine = sped_up(config_.engine, config_.speed_up);
}

void ConfigBuilder::read_limits() {
  auto& engine = config_.engine;
  if (const auto* const changed = get<std::string>(document_, "changed_policies")) {
    engine.changed_policies = parse_changed_policies(*changed).value_or(ChangedPolicies::keep);
  }
  const auto* const limits = find(document_, "limits");
  if (limits == nullptr) return;
  assign<std::int64_t>(engine.cluster_per_hour, *limits, "per_hour");
  assign<std::int64_t>(engine.sessions_per_hour, *limits, "sessions_per_hour");
  if (const auto* const bytes = get<std::int64_t>(*limits, "bytes_per_day")) {
    engine.bytes_per_day = static_cast<double>(*bytes);
  }
  const auto* const brake = find(*limits, "brake");
  if (brake == nullptr) return;
  assign<std::int64_t>(engine.brake_acts, *brake, "acts");
  assign_duration(engine.brake_window, *brake, "within");
}

void ConfigBuilder::read_sampling() {
  const auto* const value = find(document_, "sampling");
  if (value == nullptr) return;
  auto& engine = config_.engine;
  assign_duration(engine.sample_every, *value, "every");
  assign_duration(engine.fold, *value, "fold");
  assign_duration(engine.stale_after, *value, "stale_after");
  if (engine.fold < engine.sample_every) {
    report(place_of(*value, "fold"), "`fold` is shorter than `every`: folds would be empty");
  }
  if (engine.stale_after <= engine.sample_every) {
    report(place_of(*value, "stale_after"),
           "`stale_after` is not longer than `every`: every sample would be stale at times");
  }
  if (config_.tick < engine.sample_every) {
    report(place_of(document_, "tick"), "`tick` is shorter than `every` of `sampling`");
  }
}

void ConfigBuilder::read_secret(std::string& target, const Value& record, const std::string& key) {
  const auto* const file = get<std::string>(record, key);
  if (file == nullptr) return;
  target = resolved(*file);
  if (secrets_ == Secrets::left_alone) return;
  if (const auto problem = problem_of_secret(target)) {
    report(place_of(record, key), key + ": " + *problem);
  }
}

NodeConfig ConfigBuilder::read_node(const Value& value) {
  NodeConfig node;
  node.place = value.place;
  assign_text(node.name, value, "name");
  assign_text(node.host, value, "host");
  assign<std::int64_t>(node.port, value, "port");
  assign_text(node.dbname, value, "dbname");
  assign_text(node.user, value, "user");
  assign_text(node.sslmode, value, "sslmode");
  read_secret(node.password_file, value);
  read_certificates(node.sslrootcert, value);
  return node;
}

void ConfigBuilder::read_certificates(std::string& target, const Value& record) {
  const auto* const file = get<std::string>(record, "sslrootcert");
  if (file == nullptr) return;
  target = resolved(*file);
  if (const auto problem = problem_of_file(target)) {
    report(place_of(record, "sslrootcert"), "sslrootcert: " + *problem);
  }
}

void ConfigBuilder::read_nodes(const Value& postgres) {
  if (const auto* const nodes = find(postgres, "nodes")) {
    std::set<std::string> names;
    for (const auto& value : nodes->children) {
      auto node = read_node(value);
      if (!node.name.empty() && !names.insert(node.name).second) {
        report(place_of(value, "name"), "node `" + node.name + "` is there twice");
      }
      config_.nodes.push_back(std::move(node));
    }
  }
  if (const auto* const ledger = find(postgres, "ledger")) read_ledger(*ledger);
  if (const auto* const citus = find(postgres, "citus")) {
    config_.citus = read_citus(*citus, node_names(), errors_);
  }
  if (const auto* const partitions = find(postgres, "partitions")) read_partitions(*partitions);
}

void ConfigBuilder::read_partitions(const Value& value) {
  PartitionsConfig partitions;
  assign_text(partitions.node, value, "node");
  assign_text(partitions.table, value, "table");
  is_node(partitions.node, value, "node");
  config_.partitions = std::move(partitions);
}

void ConfigBuilder::read_ledger(const Value& value) {
  LedgerConfig ledger;
  assign_text(ledger.node, value, "node");
  assign_text(ledger.user, value, "user");
  read_secret(ledger.password_file, value);
  is_node(ledger.node, value, "node");
  config_.ledger = std::move(ledger);
}

std::vector<std::string> ConfigBuilder::node_names() const {
  std::vector<std::string> names;
  for (const auto& each : config_.nodes) names.push_back(each.name);
  return names;
}

/// Reports it, when it is not.
bool ConfigBuilder::is_node(const std::string& node, const Value& record, const std::string& key) {
  return is_one_of(node_names(), node, key, place_of(record, key), errors_);
}

void ConfigBuilder::read_kafka(const Value& value) {
  KafkaConfig kafka;
  const auto texts = [&](const char* key, std::vector<std::string>& target) {
    const auto* const list = find(value, key);
    if (list == nullptr) return;
    for (const auto& entry : list->children) target.push_back(std::get<std::string>(entry.scalar));
  };
  texts("bootstrap", kafka.bootstrap);
  texts("groups", kafka.groups);
  read_secret(kafka.properties_file, value, "properties_file");
  assign<bool>(kafka.per_partition_metrics, value, "per_partition_metrics");
  assign_text(kafka.control_topic, value, "control_topic");
  std::set<std::string> names;
  for (const auto& group : kafka.groups) {
    if (names.insert(group).second) continue;
    report(place_of(value, "groups"), "group `" + group + "` is there twice");
  }
  config_.kafka = std::move(kafka);
}

void ConfigBuilder::read_http(const Value& value) {
  const auto* const listen = get<std::string>(value, "listen");
  if (listen == nullptr) return;
  const auto address = parse_listen_address(*listen);
  if (!address) {
    report(place_of(value, "listen"),
           "`listen` is `" + *listen + "`; expected HOST:PORT, such as 127.0.0.1:9780");
  } else if (!is_loopback(address->host)) {
    report(place_of(value, "listen"), "`listen` is `" + *listen +
                                          "`: loopback only in this version; expected 127.0.0.1, " +
                                          "[::1] or localhost");
  } else {
    config_.listen_host = address->host;
    config_.listen_port = address->port;
  }
}

void ConfigBuilder::read_journal_and_log() {
  if (const auto* const journal = find(document_, "journal")) {
    if (const auto* const path = get<std::string>(*journal, "path")) {
      config_.journal_path = resolved(*path);
    }
    assign_duration(config_.journal_keep, *journal, "keep");
    assign<std::int64_t>(config_.journal_max_bytes, *journal, "max_size");
  }
  if (const auto* const log = find(document_, "log")) {
    const auto* const format = get<std::string>(*log, "format");
    if (format != nullptr && *format == "json") config_.log_format = LogFormat::json;
    assign_text(config_.log_level, *log, "level");
  }
}

void ConfigBuilder::read_features(const Value& inventory) {
  const auto* const features = find(inventory, "features");
  if (features == nullptr) return;
  std::set<std::string> names;
  for (const auto& value : features->children) {
    FeatureConfig feature;
    assign_text(feature.name, value, "name");
    assign_text(feature.klass, value, "class");
    if (!feature.name.empty() && !names.insert(feature.name).second) {
      report(place_of(value, "name"), "feature `" + feature.name + "` is there twice");
    }
    config_.features.push_back(std::move(feature));
  }
}

// The limits stand beside the ledger, and homeostat.admit() reads them there. Transactions of every
// node of Citus begin at its coordinator.
void ConfigBuilder::read_zones(const Value& inventory) {
  if (wants_auto_zones(inventory, errors_)) {
    config_.zones = auto_zones(inventory, config_, errors_);
    return;
  }
  const auto* const zones = find(inventory, "zones");
  if (zones == nullptr) return;
  std::set<std::string> names;
  for (const auto& value : zones->children) {
    ZoneConfig zone;
    assign_text(zone.name, value, "name");
    assign_text(zone.node, value, "node");
    const bool known = is_node(zone.node, value, "node");
    if (!zone.name.empty() && !names.insert(zone.name).second) {
      report(place_of(value, "name"), "zone `" + zone.name + "` is there twice");
    }
    const bool all_begin_here =
        config_.ledger && config_.citus && config_.citus->coordinator == config_.ledger->node;
    if (known && config_.ledger && zone.node != config_.ledger->node && !all_begin_here) {
      report(place_of(value, "node"), "`node` is `" + zone.node +
                                          "`, but homeostat.admit() is where the ledger is: on `" +
                                          config_.ledger->node + "`");
    }
    zone.pgbouncer = read_poolers(
        value, known ? database_of(zone.node) : std::string(),
        [this](std::string& target, const Value& record, const char* key) {
          read_secret(target, record, key);
        },
        [this](std::string& target, const Value& record, const char* /*key*/) {
          read_certificates(target, record);
        });
    zone.counters = read_counters(value, config_.speed_up, errors_);
    config_.zones.push_back(std::move(zone));
  }
  one_zone_each(*zones, config_.zones, errors_);
  one_counter_each(*zones, config_.zones, errors_);
}

std::string ConfigBuilder::database_of(const std::string& node) const {
  const auto found = std::find_if(config_.nodes.begin(), config_.nodes.end(),
                                  [&](const NodeConfig& one) { return one.name == node; });
  return found == config_.nodes.end() ? std::string() : found->dbname;
}

void ConfigBuilder::read_inventory(const Value& inventory) {
  read_features(inventory);
  read_zones(inventory);
  std::set<std::string> own_roles{"homeostat_owner"};
  for (const auto& node : config_.nodes) own_roles.insert(node.user);
  if (config_.ledger) own_roles.insert(config_.ledger->user);
  config_.profiles = read_profiles(inventory, own_roles, errors_);
  config_.sessions = read_sessions(inventory, own_roles, errors_);
}

Config ConfigBuilder::build() {
  read_loop();
  if (const auto* const postgres = find(document_, "postgres")) read_nodes(*postgres);
  if (const auto* const kafka = find(document_, "kafka")) read_kafka(*kafka);
  if (const auto* const injected = find(document_, "injected")) {
    if (const auto* const path = get<std::string>(*injected, "path")) {
      config_.injected = InjectedConfig{resolved(*path)};
    }
  }
  if (const auto* const alertmanager = find(document_, "alertmanager")) {
    if (const auto* const urls = find(*alertmanager, "urls")) {
      for (const auto& url : urls->children) {
        config_.alertmanagers.push_back(std::get<std::string>(url.scalar));
      }
    }
  }
  if (config_.mode_ceiling > Mode::shadow && !config_.ledger) {
    report(place_of(document_, "mode_ceiling"),
           "`mode_ceiling` is `" + std::string(to_text(config_.mode_ceiling)) +
               "`, which needs `postgres.ledger`: every lever is recorded there before it is set");
  }
  if (const auto* const http = find(document_, "http")) read_http(*http);
  read_journal_and_log();
  if (const auto* const inventory = find(document_, "inventory")) read_inventory(*inventory);
  return std::move(config_);
}

}  // namespace
}  // namespace loader

ConfigLoad load_config(const std::string& path, Secrets secrets) {
  ConfigLoad load;
  const auto yaml = loader::read_yaml(path);
  load.errors = yaml.errors;
  if (yaml.documents.size() > 1) {
    load.errors.push_back({yaml.documents[1].place,
                           "a configuration is one document; here begins "
                           "another (policies have files of their own)"});
  }
  if (!yaml.documents.empty()) {
    const auto document = loader::read_document(yaml.documents.front(),
                                                std::vector{loader::config_shape()}, load.errors);
    auto config = loader::ConfigBuilder(path, document, secrets, load.errors).build();
    if (load.errors.empty()) load.config = std::move(config);
  }
  loader::put_in_order(load.errors, {path});
  return load;
}

}  // namespace homeostat
