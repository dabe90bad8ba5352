// SPDX-License-Identifier: Apache-2.0
// How a scenario writes `plant: {zones: …}`.
#pragma once

#include <vector>

#include "controller/simulator/zones.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

Shape zones_shape();
ZonesParameters read_zones(const Value& value, std::vector<Finding>& errors);

}  // namespace homeostat::loader
