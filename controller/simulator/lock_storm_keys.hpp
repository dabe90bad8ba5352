// SPDX-License-Identifier: Apache-2.0
// How a scenario writes `plant: {lock_storm: …}`.
#pragma once

#include <vector>

#include "controller/simulator/lock_storm.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

Shape lock_storm_shape();
LockStormParameters read_lock_storm(const Value& value, std::vector<Finding>& errors);

}  // namespace homeostat::loader
