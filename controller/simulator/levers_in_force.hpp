// SPDX-License-Identifier: Apache-2.0
// Where the levers stand that a plant obeys.
#pragma once

#include <map>
#include <optional>
#include <string_view>

#include "policies/model/lever.hpp"

namespace homeostat {

/// Levers away from their baseline.
using LeversInForce = std::map<LeverKey, LeverValue>;

/// A number that a lever was set to; nothing where it stands at its baseline.
std::optional<double> argument(const LeversInForce& levers, std::string_view lever,
                               std::string_view target, std::string_view name);

/// The share of a feature class that is admitted, 0..1: `class/batch`.
double admitted(const LeversInForce& levers, std::string_view target);

}  // namespace homeostat
