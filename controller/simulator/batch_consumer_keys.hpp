// SPDX-License-Identifier: Apache-2.0
// How a scenario writes `plant: {batch_consumer: …}`.
#pragma once

#include <vector>

#include "controller/simulator/batch_consumer.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"

namespace homeostat::loader {

Shape batch_consumer_shape();
BatchConsumerParameters read_batch_consumer(const Value& value, std::vector<Finding>& errors);

}  // namespace homeostat::loader
