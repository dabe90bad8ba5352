// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/config_keys.hpp"

#include <string>
#include <utility>

#include "policies/loader/auto_zones.hpp"
#include "policies/loader/citus.hpp"
#include "policies/loader/counters.hpp"
#include "policies/loader/nodes.hpp"
#include "policies/loader/poolers.hpp"
#include "policies/loader/profiles.hpp"
#include "policies/loader/sessions.hpp"

namespace homeostat::loader {
namespace {

const Pattern kBroker{"([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}",
                      "an address such as 127.0.0.1:9092"};
const Pattern kGroup{"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,248}",
                     "the name of a consumer group, of letters, digits, `_`, `.`, `:` and `-`"};
const Pattern kTopic{"[A-Za-z0-9._-]{1,249}",
                     "the name of a topic, of letters, digits, `_`, `.` and `-`"};
const Pattern kUrl{"https?://([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}",
                   "an address such as http://127.0.0.1:9093"};

Key record(std::string name, std::string help, Shape shape, bool filled) {
  return {.name = std::move(name),
          .type = Type::record,
          .help = std::move(help),
          .filled = filled,
          .shapes = {std::move(shape)}};
}

Key later(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .later = true};
}

Key password_file() {
  return {.name = "password_file",
          .help = "File with the password; readable by its owner and group only."};
}

Shape sampling_shape() {
  return {.name = "`sampling`",
          .help = "How samples become evidence.",
          .keys = {{.name = "every",
                    .type = Type::duration,
                    .fallback = "1s",
                    .help = "How often the probes sample.",
                    .range = between(0.1, 60)},
                   {.name = "fold",
                    .type = Type::duration,
                    .fallback = "5s",
                    .help = "Samples are pooled over this long; detectors step on each fold.",
                    .range = between(0.1, 60)},  // of longer ones the backstop's window has too few
                   {.name = "stale_after",
                    .type = Type::duration,
                    .fallback = "10s",
                    .help = "An older sample is absent: it freezes detectors, starts nothing.",
                    .range = between(0.1, 45)}}};  // S5: no act on anything older
}

Shape limits_shape() {
  const Shape brake{.name = "`brake`",
                    .help =
                        "The storm brake: so many acts within this time stop all further ones "
                        "until somebody has looked (`homeostat ack`).",
                    .keys = {{.name = "acts",
                              .type = Type::integer,
                              .fallback = "30",
                              .help = "Of all policies together; the way back never counts.",
                              .range = between(1, 100000)},
                             {.name = "within",
                              .type = Type::duration,
                              .fallback = "6h",
                              .help = "The window they are counted in.",
                              .range = between(60, 7 * 86400)}}};
  return {.name = "`limits`",
          .help = "How much all policies together may do.",
          .keys = {{.name = "per_hour",
                    .type = Type::integer,
                    .fallback = "10",
                    .help = "Rungs climbed and jobs started in an hour; the way back never counts.",
                    .range = between(1, 100000)},
                   {.name = "sessions_per_hour",
                    .type = Type::integer,
                    .fallback = "20",
                    .help = "Sessions ended in an hour; homeostat.session_limit caps them, too.",
                    .range = between(1, 100000)},
                   {.name = "bytes_per_day",
                    .type = Type::bytes,
                    .help = "What jobs move within 24 hours, before further ones wait and those "
                            "that run are stopped; no limit when not given.",
                    .range = more_than(0)},
                   record("brake", "", brake, true)}};
}

Shape node_shape() {
  return {
      .name = "a node",
      .help = "One PostgreSQL server of the supervised cluster.",
      .keys = {{.name = "name",
                .required = true,
                .help = "The node's name: its subject is node/NAME.",
                .pattern = kConfigName},
               {.name = "host",
                .required = true,
                .help = "Name, address, or absolute folder of a Unix socket.",
                .pattern = kHost},
               {.name = "port",
                .type = Type::integer,
                .fallback = "5432",
                .help = "TCP port, or the number in the socket's name.",
                .range = between(1, 65535)},
               {.name = "dbname", .required = true, .help = "Database to connect to."},
               {.name = "user",
                .fallback = "homeostat_monitor",
                .help = "Role that measures; never a superuser."},
               password_file(),
               {.name = "sslmode",
                .fallback = "verify-full",
                .help = "As in libpq; ignored on a Unix socket.",
                .allowed = {{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}}},
               {.name = "sslrootcert", .help = "File with the certificate authority."}}};
}

Shape ledger_shape() {
  return {.name = "`ledger`",
          .help = "Where the ledger lives and who writes it and the levers.",
          .keys = {{.name = "node", .required = true, .help = "One of postgres.nodes."},
                   {.name = "user",
                    .fallback = "homeostat_actuator",
                    .help = "Role that acts; never a superuser."},
                   password_file()}};
}

Shape partitions_shape() {
  return {.name = "`partitions`",
          .help =
              "A hash-partitioned table of a plain PostgreSQL: how even its partitions are is "
              "measured, and nothing is moved.",
          .keys = {{.name = "node", .required = true, .help = "One of postgres.nodes."},
                   {.name = "table",
                    .required = true,
                    .help = "SCHEMA.TABLE: the partitioned table itself.",
                    .pattern = Pattern{"[^\\s.]+\\.[^\\s.]+", "SCHEMA.TABLE"}}}};
}

Shape postgres_shape() {
  return {.name = "`postgres`",
          .help = "The supervised servers.",
          .keys = {{.name = "nodes",
                    .type = Type::record,
                    .list = true,
                    .required = true,
                    .help = "Every server that is measured.",
                    .shapes = {node_shape()}},
                   record("ledger", "Without it the daemon only watches.", ledger_shape(), false),
                   record("citus", "Without it nobody measures shards.", citus_shape(), false),
                   record("partitions", "Without it nobody measures partitions.",
                          partitions_shape(), false)}};
}

Shape kafka_shape() {
  return {.name = "`kafka`",
          .help = "The brokers, and the consumer groups that are measured.",
          .keys = {{.name = "bootstrap",
                    .list = true,
                    .required = true,
                    .help = "HOST:PORT of some brokers, who name the others.",
                    .pattern = kBroker},
                   {.name = "properties_file",
                    .help = "File with properties of librdkafka, NAME=VALUE a line (TLS, SASL); "
                            "readable by its owner and group only."},
                   {.name = "groups",
                    .list = true,
                    .required = true,
                    .help = "Consumer groups: the subject of each is group/NAME.",
                    .pattern = kGroup},
                   {.name = "per_partition_metrics",
                    .type = Type::boolean,
                    .fallback = "false",
                    .help = "Whether /metrics has series of each partition, not only of each "
                            "topic."},

                   {.name = "control_topic",
                    .fallback = "homeostat.control",
                    .help = "Where consumers are told their batch window: one partition, "
                            "compacted.",
                    .pattern = kTopic}}};
}

Shape alertmanager_shape() {
  return {.name = "`alertmanager`",
          .help = "Where alerts go.",
          .keys = {{.name = "urls",
                    .list = true,
                    .required = true,
                    .help = "Every instance of Alertmanager, not a load balancer before them.",
                    .pattern = kUrl,
                    .quiet = true,
                    .may_be_empty = true}}};
}

Shape journal_shape() {
  return {
      .name = "`journal`",
      .help = "The local history of samples, verdicts and acts.",
      .keys = {
          {.name = "path", .fallback = "/var/lib/homeostat/journal.db", .help = "The SQLite file."},
          {.name = "keep",
           .type = Type::duration,
           .fallback = "14d",
           .help = "Older rows are deleted.",
           .range = between(3600, 10 * 365 * 86400.0)},
          {.name = "max_size",
           .type = Type::bytes,
           .fallback = "100MB",
           .help = "The oldest rows are deleted beyond this size.",
           .range = at_least(1e6)}}};
}

Shape log_shape() {
  return {.name = "`log`",
          .help = "What is written to standard error.",
          .keys = {{.name = "format",
                    .fallback = "text",
                    .help = "text for people, json for collectors.",
                    .allowed = {{"text", "json"}}},
                   {.name = "level",
                    .fallback = "info",
                    .help = "The least important lines that are written.",
                    .allowed = {{"debug", "info", "warning", "error"}}}}};
}

Shape inventory_shape() {
  const Shape feature{.name = "a feature",
                      .help = "Something the applications can switch off.",
                      .keys = {{.name = "name",
                                .required = true,
                                .help = "As in homeostat.allowed(name, key).",
                                .pattern = kConfigName},
                               {.name = "class",
                                .required = true,
                                .help = "Policies name classes: class/CLASS.",
                                .pattern = kConfigName}}};
  const Shape zone{
      .name = "a zone",
      .help = "Transactions that begin with homeostat.admit(name).",
      .keys = {{.name = "name",
                .required = true,
                .help = "As in homeostat.admit(name).",
                .pattern = kConfigName},
               {.name = "node",
                .required = true,
                .help = "One of postgres.nodes: its lock waits are the zone's, and so is "
                        "whether it answers."},
               pgbouncer_key(),
               counters_key()}};
  return {
      .name = "`inventory`",
      .help = "What the operator declares.",
      .keys = {{.name = "features",
                .type = Type::record,
                .list = true,
                .help = "Features and their classes.",
                .may_be_empty = true,
                .shapes = {feature}},
               profiles_key(),
               sessions_key(),
               later("roles", "Roles."),
               {.name = "zones",
                .type = Type::record,
                .list = true,
                .help = "Parts of the load that are limited apart; policies say zone/NAME. "
                        "`auto`: zones_per_node of each of postgres.nodes but the coordinator, all "
                        "of which are nodes of Citus then.",
                .may_be_empty = true,
                .word = std::string{kAutoZones},
                .shapes = {zone}},
               zones_per_node_key(),
               later("groups", "Consumer groups."),
               later("views", "Materialized views.")}};
}

std::vector<Key> loop_keys() {
  return {
      {.name = "version",
       .type = Type::integer,
       .required = true,
       .help = "Of the configuration's language.",
       .range = between(1, 1)},
      {.name = "mode_ceiling",
       .fallback = "shadow",
       .help = "No policy's mode goes above this.",
       .allowed = {{"off", "shadow", "canary", "enforce"}}},
      {.name = "changed_policies",
       .fallback = "keep",
       .help =
           "How an enforced breaker starts whose text was never enforced before: `keep` at once, "
           "`canary` on a share first (in shadow what has none), `shadow` until `homeostat ack`.",
       .allowed = {{"keep", "canary", "shadow"}}},
      record("limits", "", limits_shape(), true),
      {.name = "tick",
       .type = Type::duration,
       .fallback = "30s",
       .help = "Every ledger row is reconciled and renewed this often.",
       .range = between(1, 3600)},
      record("sampling", "", sampling_shape(), true),
      {.name = "speed_up",
       .type = Type::integer,
       .fallback = "1",
       .help = "Divides every duration of policies, tick and sampling. For demonstrations.",
       .range = between(1, 100)},
      {.name = "policies",
       .list = true,
       .required = true,
       .help = "Files of policies, as patterns; relative to this file's folder.",
       .may_be_empty = true},
  };
}

}  // namespace

Shape config_shape() {
  Shape shape{.name = "the configuration",
              .help = "The daemon's configuration. Relative paths begin at this file's folder.",
              .keys = loop_keys(),
              .rules = {{RuleKind::at_least_one, {"postgres", "kafka", "injected"}}}};
  const Shape injected{.name = "`injected`",
                       .help = "A probe that reads samples from a file: any situation at will.",
                       .keys = {{.name = "path", .required = true, .help = "The file."}}};
  const Shape http{.name = "`http`",
                   .help = "Metrics, health and status.",
                   .keys = {{.name = "listen",
                             .fallback = "127.0.0.1:9780",
                             .help = "HOST:PORT, loopback only; port 0 takes a free one."}}};
  const std::vector<Key> world{
      record("postgres", "", postgres_shape(), false),
      record("kafka", "", kafka_shape(), false),
      record("injected", "", injected, false),
      record("alertmanager", "", alertmanager_shape(), false),
      record("http", "", http, true),
      record("journal", "", journal_shape(), true),
      {.name = "on_exit",
       .fallback = "revert",
       .help = "What a stopping daemon does with its levers.",
       .allowed = {{"revert", "keep"}}},
      {.name = "show_queries",
       .type = Type::boolean,
       .fallback = "false",
       .help = "Whether query texts may appear in logs, status and journal."},
      record("log", "", log_shape(), true),
      record("inventory", "", inventory_shape(), false),
  };
  shape.keys.insert(shape.keys.end(), world.begin(), world.end());
  return shape;
}

}  // namespace homeostat::loader
