// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/roles.hpp"

#include <utility>

namespace homeostat::loader {
namespace {

const Pattern kRoleName{"[A-Za-z_][A-Za-z0-9_.$-]{0,62}",
                        "a role's name of letters, digits, `_`, `.`, `$` and `-`"};

}  // namespace

const Pattern kInventoryName{"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}",
                             "a name of letters, digits, `_`, `.`, `:` and `-`"};

Key roles_key(std::string help) {
  return {.name = "roles",
          .list = true,
          .required = true,
          .help = std::move(help),
          .pattern = kRoleName};
}

std::vector<const Value*> read_roles(const Value& entry, const std::set<std::string>& own_roles,
                                     std::vector<Finding>& errors) {
  std::vector<const Value*> roles;
  const auto* const written = find(entry, "roles");
  if (written == nullptr) return roles;
  std::set<std::string> names;
  for (const auto& role : written->children) {
    const auto& name = std::get<std::string>(role.scalar);
    if (!names.insert(name).second) {
      errors.push_back({role.place, "role `" + name + "` is there twice"});
      continue;
    }
    if (own_roles.contains(name)) {
      errors.push_back({role.place, "role `" + name + "` is Homeostat's own: no lever touches it"});
    }
    roles.push_back(&role);
  }
  return roles;
}

}  // namespace homeostat::loader
