// SPDX-License-Identifier: Apache-2.0
// The table of keys of a scenario.
#pragma once

#include "policies/loader/keys.hpp"

namespace homeostat::loader {

Shape scenario_shape();

}  // namespace homeostat::loader
