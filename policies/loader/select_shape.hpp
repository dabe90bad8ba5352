// SPDX-License-Identifier: Apache-2.0
// Which of several shapes a map is meant to have: a breaker or an alert, the arguments of which
// lever.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/loader/yaml_tree.hpp"

namespace homeostat::loader {

struct Selection {
  const Shape* shape = nullptr;  ///< to go on with, even after a problem; nullptr: none at all
  std::optional<std::string> problem;
  Place place;      ///< of the problem; line 0: the map itself
  std::string key;  ///< whose value or absence is the problem
};

/// When the selecting value is wrong or missing, the shape that was probably meant is taken, so
/// that the rest of the map is checked too.
Selection select_shape(const YamlNode& map, const std::vector<Shape>& shapes,
                       const std::string& what);

}  // namespace homeostat::loader
