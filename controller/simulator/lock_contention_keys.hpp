// SPDX-License-Identifier: Apache-2.0
// How a scenario writes `plant: {lock_contention: …}`.
#pragma once

#include <vector>

#include "controller/simulator/lock_contention.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

Shape lock_contention_shape();
LockContentionParameters read_lock_contention(const Value& value, std::vector<Finding>& errors);

}  // namespace homeostat::loader
