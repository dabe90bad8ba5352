// SPDX-License-Identifier: Apache-2.0
// `postgres.citus`: the coordinator, capacities of nodes, placement rules.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

namespace {

// Lines 6 and up of a small configuration.
std::string with_citus(const std::string& keys) {
  return small_config(
      "    - {name: w1, host: db2, dbname: melodyud}\n"
      "    - {name: w2, host: db3, dbname: melodyud}\n"
      "  citus:\n    coordinator: main\n" +
      keys);
}

}  // namespace

TEST_CASE("Citus' coordinator is one of the nodes, and has to be named") {
  CHECK(
      config_errors_of(small_config("  citus: {coordinator: mian}\n")) ==
      Texts{
          "6:24: `coordinator` is `mian`, which is none of postgres.nodes; did you mean `main`?"});
  CHECK(config_errors_of(small_config("  citus: {}\n")).size() == 1);
  CHECK(config_errors_of(small_config("  citus: {coordinator: main, nodes: 3}\n")).size() == 1);
  CHECK(config_errors_of(small_config("  citus: {coordinator: main}\n")).empty());
}

TEST_CASE("capacities and placement rules are read as written") {
  const TempFolder folder;
  const auto load = load_config(folder.write(
      "homeostat.yaml",
      with_citus("    capacity: [{node: w2, capacity: 2.5}]\n"
                 "    change_slots: [warehouse, search]\n"
                 "    placement:\n"
                 "      - {table: public.listener, keys: [de, \"it's\", \"7\"], nodes: [w1, w2]}\n"
                 "      - {table: royalty.share, nodes: [w1]}\n")));
  REQUIRE(load.config);
  REQUIRE(load.config->citus);
  const auto& citus = *load.config->citus;
  CHECK(citus.capacity == std::map<std::string, double>{{"w2", 2.5}});
  CHECK(citus.change_slots == std::set<std::string>{"search", "warehouse"});
  REQUIRE(citus.placement.size() == 2);
  CHECK(citus.placement[0] ==
        PlacementConfig{"public.listener", {"de", "it's", "7"}, {"w1", "w2"}});
  CHECK(citus.placement[1] == PlacementConfig{"royalty.share", {}, {"w1"}});
}

TEST_CASE("a placement rule that cannot be meant is refused where it is written (H67)") {
  const auto errors = [](const std::string& keys) { return config_errors_of(with_citus(keys)); };
  CHECK(errors("    placement: [{table: public.plays, nodes: [w1, w3]}]\n") ==
        Texts{"10:46: `nodes` is `w3`, which is none of postgres.nodes; did you mean `w1`?"});
  CHECK(errors("    placement: [{table: public.plays, nodes: [w1, w1]}]\n") ==
        Texts{"10:51: `w1` is there twice"});
  CHECK(errors("    placement: [{table: public.plays, keys: [a, a], nodes: [w1]}]\n").size() == 1);
  CHECK(errors("    placement: [{table: public.plays, nodes: []}]\n").size() == 1);
  CHECK(errors("    placement: [{table: public.plays}]\n").size() == 1);
  CHECK(errors("    placement: [{table: plays, nodes: [w1]}]\n") ==
        Texts{"10:25: `table` is `plays`; expected a table with its schema, such as "
              "public.plays"});
  CHECK(errors("    capacity: [{node: w9, capacity: 2}]\n").size() == 1);
  CHECK(errors("    capacity: [{node: w1, capacity: 0}]\n").size() == 1);
  CHECK(errors("    capacity: [{node: w1, capacity: 2}, {node: w1, capacity: 3}]\n") ==
        Texts{"10:48: node `w1` is there twice"});
  CHECK(errors("    placment: []\n").size() == 1);
}
