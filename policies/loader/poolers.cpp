// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/poolers.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

#include "policies/loader/nodes.hpp"

namespace homeostat::loader {

Key pgbouncer_key() {
  Shape process{
      .name = "an entry of `pgbouncer`",
      .help = "One PgBouncer process, reached at its administration console.",
      .keys = {{.name = "name",
                .required = true,
                .help = "For people: of one process, whatever its zone.",
                .pattern = kConfigName},
               {.name = "host",
                .required = true,
                .help = "Name, address, or absolute folder of a Unix socket.",
                .pattern = kHost},
               {.name = "port",
                .type = Type::integer,
                .fallback = "6432",
                .help = "TCP port, or the number in the socket's name.",
                .range = between(1, 65535)},
               {.name = "user",
                .fallback = "homeostat_actuator",
                .help = "One of its admin_users, for it is to SET default_pool_size."},
               {.name = "password_file",
                .help = "File with the password; readable by its owner and group only."},
               {.name = "sslmode",
                .fallback = "verify-full",
                .help = "As in libpq; ignored on a Unix socket.",
                .allowed = {{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}}},
               {.name = "sslrootcert", .help = "File with the certificate authority."},
               {.name = "database",
                .help = "The zone's database as this process calls it; that of the zone's node "
                        "when not given."}}};
  return {.name = "pgbouncer",
          .type = Type::record,
          .list = true,
          .help =
              "Every PgBouncer process that serves this zone, and no other: while a limit "
              "stands its default_pool_size is no larger than that.",
          .may_be_empty = true,
          .shapes = {std::move(process)}};
}

std::vector<PoolerConfig> read_poolers(const Value& zone, const std::string& database,
                                       const ReadFile& read_secret, const ReadFile& read_file) {
  std::vector<PoolerConfig> all;
  const auto* const written = find(zone, "pgbouncer");
  if (written == nullptr) return all;
  for (const auto& value : written->children) {
    PoolerConfig process;
    process.database = database;
    assign_text(process.name, value, "name");
    assign_text(process.host, value, "host");
    assign<std::int64_t>(process.port, value, "port");
    assign_text(process.user, value, "user");
    assign_text(process.sslmode, value, "sslmode");
    assign_text(process.database, value, "database");
    read_secret(process.password_file, value, "password_file");
    read_file(process.sslrootcert, value, "sslrootcert");
    all.push_back(std::move(process));
  }
  return all;
}

void one_zone_each(const Value& zones, const std::vector<ZoneConfig>& read,
                   std::vector<Finding>& errors) {
  std::map<std::string, std::string> names;     // -> zone
  std::map<std::string, std::string> consoles;  // -> name
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto* const written = find(zones.children[i], "pgbouncer");
    for (std::size_t j = 0; j < read[i].pgbouncer.size(); ++j) {
      const auto& process = read[i].pgbouncer[j];
      const auto& value = written->children[j];
      const auto console = process.host + ":" + std::to_string(process.port);
      const auto [of, fresh] = names.emplace(process.name, read[i].name);
      if (!fresh) {
        errors.push_back({place_of(value, "name"), "PgBouncer `" + process.name +
                                                       "` is there twice: in zone `" + of->second +
                                                       "` already"});
      }
      const auto [as, first] = consoles.emplace(console, process.name);
      if (!first) {
        errors.push_back({place_of(value, "host"),
                          "`" + process.name + "` is at " + console + ", as `" + as->second +
                              "` is: a process has one default_pool_size for all of its zones"});
      }
    }
  }
}

}  // namespace homeostat::loader
