// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/sessions.hpp"

#include <cstdint>
#include <map>
#include <utility>

#include "policies/loader/roles.hpp"

namespace homeostat {
namespace loader {

Key sessions_key() {
  Shape entry{.name = "an entry of `sessions`",
              .help =
                  "Whom the lever end_session may end: who sits idle in a transaction and "
                  "keeps others waiting.",
              .keys = {roles_key("Roles of non-critical work; nobody else's session is ended."),
                       {.name = "idle_for",
                        .type = Type::duration,
                        .fallback = "30s",
                        .help = "Idle in the transaction for at least this long.",
                        .range = between(5, 3600)},
                       {.name = "limit",
                        .type = Type::integer,
                        .fallback = "5",
                        .help = "Sessions ended an hour, of all these roles together.",
                        .range = between(1, 20)}}};
  return {.name = "sessions",
          .type = Type::records,
          .help = "Sessions that may be ended, by name; policies set sessions/NAME.",
          .pattern = kInventoryName,
          .shapes = {std::move(entry)}};
}

std::vector<SessionsConfig> read_sessions(const Value& inventory,
                                          const std::set<std::string>& own_roles,
                                          std::vector<Finding>& errors) {
  std::vector<SessionsConfig> all;
  const auto* const written = find(inventory, "sessions");
  if (written == nullptr) return all;
  std::map<std::string, std::string> owners;  // role -> entry
  for (const auto& value : written->children) {
    SessionsConfig entry;
    entry.name = value.key;
    assign_duration(entry.idle_for, value, "idle_for");
    assign<std::int64_t>(entry.limit, value, "limit");
    for (const auto* role : read_roles(value, own_roles, errors)) {
      const auto& name = std::get<std::string>(role->scalar);
      entry.roles.push_back(name);
      const auto [owner, fresh] = owners.emplace(name, entry.name);
      if (fresh) continue;
      errors.push_back(
          {role->place, "sessions `" + owner->second + "` name role `" + name + "` already"});
    }
    all.push_back(std::move(entry));
  }
  return all;
}

}  // namespace loader

LeverValue sessions_value(const SessionsConfig& sessions) {
  std::string roles;
  for (const auto& role : sessions.roles) roles.append(roles.empty() ? "" : ", ").append(role);
  LeverValue value;
  value.arguments["roles"] = std::move(roles);
  value.arguments["idle_for"] = to_seconds(sessions.idle_for);
  value.arguments["limit"] = static_cast<double>(sessions.limit);
  return value;
}

}  // namespace homeostat
