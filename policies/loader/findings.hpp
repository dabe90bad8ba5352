// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "policies/loader/loader.hpp"

namespace homeostat::loader {

/// In order of file (as in `files`), line and column, each once.
void put_in_order(std::vector<Finding>& findings, const std::vector<std::string>& files);

}  // namespace homeostat::loader
