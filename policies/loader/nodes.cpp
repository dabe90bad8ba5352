// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/nodes.hpp"

#include <algorithm>

#include "policies/loader/nearest.hpp"

namespace homeostat::loader {

const Pattern kConfigName{"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}",
                          "a name of letters, digits, `_`, `.` and `-`"};
const Pattern kHost{"[^\\s,]+",
                    "one host: a name, an address, or the absolute folder of a Unix socket"};

bool is_one_of(const std::vector<std::string>& nodes, const std::string& node,
               const std::string& key, const Place& place, std::vector<Finding>& errors) {
  if (node.empty()) return false;
  if (std::find(nodes.begin(), nodes.end(), node) != nodes.end()) return true;
  errors.push_back({place, "`" + key + "` is `" + node + "`, which is none of postgres.nodes; " +
                               suggestion(node, nodes)});
  return false;
}

}  // namespace homeostat::loader
