// SPDX-License-Identifier: Apache-2.0
// The table of keys of the daemon's configuration (policy-language.md, section 4).
#pragma once

#include "policies/loader/keys.hpp"

namespace homeostat::loader {

Shape config_shape();

}  // namespace homeostat::loader
