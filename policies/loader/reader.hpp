// SPDX-License-Identifier: Apache-2.0
// Checks a YAML tree by the table of keys: unknown, duplicate and missing keys, types, ranges,
// names. Goes on after each error.
#pragma once

#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"
#include "policies/loader/yaml_tree.hpp"

namespace homeostat::loader {

/// A whole document. `shapes` are its alternatives, chosen by their selectors.
Value read_document(const YamlNode& node, const std::vector<Shape>& shapes,
                    std::vector<Finding>& errors);

}  // namespace homeostat::loader
