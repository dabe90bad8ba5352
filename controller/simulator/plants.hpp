// SPDX-License-Identifier: Apache-2.0
// The kinds of plants: the only place that lists them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/simulator/scenario.hpp"
#include "policies/loader/keys.hpp"
#include "policies/loader/value.hpp"

namespace homeostat {

std::unique_ptr<Plant> make_plant(const PlantParameters& parameters, std::uint64_t seed);

/// What incidents of this kind of plant may be; the first is the usual one.
std::vector<std::string> incident_kinds(const PlantParameters& parameters);

/// How bad an incident may be, in the plant's terms: above 0, at most this.
double worst_level(const PlantParameters& parameters, const std::string& kind);

namespace loader {

/// `plant:`, one key a kind.
Shape plant_shape();

/// Nothing when no kind was given, which the reader has said. Adds to `errors` what contradicts.
std::optional<PlantParameters> read_plant(const Value& plant, std::vector<Finding>& errors);

}  // namespace loader
}  // namespace homeostat
