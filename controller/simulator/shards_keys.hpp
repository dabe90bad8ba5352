// SPDX-License-Identifier: Apache-2.0
// How a scenario writes `plant: {shards: …}`.
#pragma once

#include <vector>

#include "controller/simulator/shards.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

Shape shards_shape();
ShardsParameters read_shards(const Value& value, std::vector<Finding>& errors);

}  // namespace homeostat::loader
