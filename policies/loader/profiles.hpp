// SPDX-License-Identifier: Apache-2.0
// `profiles` of the inventory: settings that the lever `planner_profile` may set together.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "policies/loader/config.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

/// What a profile may set, and how far: the same list as homeostat.planner_setting in the database,
/// which has the last word (a test compares the two).
Shape planner_settings_shape();

/// The key `profiles`, for the table of keys.
Key profiles_key();

/// `own_roles`: Homeostat's, which no profile may touch. One role's setting belongs to one profile.
std::vector<ProfileConfig> read_profiles(const Value& inventory,
                                         const std::set<std::string>& own_roles,
                                         std::vector<Finding>& errors);

}  // namespace homeostat::loader
