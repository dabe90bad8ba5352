// SPDX-License-Identifier: Apache-2.0
// What `homeostat grants` prints. Link sql (comes with controller_loop).
#pragma once

#include <string>

#include "sql/embedded.hpp"

namespace homeostat::testing {

/// Every role of ours, for the superuser of a test's server.
inline std::string grants() {
  return std::string{sql::monitor_role} + std::string{sql::actuator_roles};
}

}  // namespace homeostat::testing
