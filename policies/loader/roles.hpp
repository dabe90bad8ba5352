// SPDX-License-Identifier: Apache-2.0
// The roles that an entry of the inventory names, whatever is done with them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// What the inventory calls things: the names behind `profile/` and `sessions/`.
extern const Pattern kInventoryName;

/// The key `roles`, for the table of keys.
Key roles_key(std::string help);

/// The entry's `roles`, each once; what is there twice or one of `own_roles`, Homeostat's, is
/// reported. They live as long as `entry`.
std::vector<const Value*> read_roles(const Value& entry, const std::set<std::string>& own_roles,
                                     std::vector<Finding>& errors);

}  // namespace homeostat::loader
