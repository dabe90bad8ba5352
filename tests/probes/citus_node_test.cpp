// SPDX-License-Identifier: Apache-2.0
#include "probes/citus_node.hpp"

#include <catch2/catch.hpp>

namespace homeostat::testing {

TEST_CASE("citus: a server that is no node of a cluster is told why, each for its own reason") {
  CHECK(citus_outsider("", true) == "has no extension citus in its database");
  CHECK(citus_outsider("10.2-4", true) == "is a standby");
  CHECK(citus_outsider("10.2-4", false) == "has Citus 10.2-4: it must be 11 or later");
  CHECK(citus_outsider("11.0-1", false).empty());
}

}  // namespace homeostat::testing
