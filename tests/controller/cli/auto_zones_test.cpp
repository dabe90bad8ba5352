// SPDX-License-Identifier: Apache-2.0
// A configuration with `zones: auto` and the recommended policies, from the file to what is
// decided.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "controller/cli/setup.hpp"
#include "controller/cli/vocabulary.hpp"
#include "policies/engine/decide.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

/// Nodes `coordinator`, `w1` … `wN`.
std::string config_text(int workers, const std::string& inventory, bool citus = true) {
  std::string text = "version: 1\nmode_ceiling: enforce\npolicies: [" +
                     std::string{HOMEOSTAT_SOURCE_DIR} +
                     "/policies/recommended/*.yaml]\npostgres:\n  nodes:\n"
                     "    - {name: coordinator, host: db0, dbname: x}\n";
  for (int number = 1; number <= workers; ++number) {
    const auto name = std::to_string(number);
    text += "    - {name: w" + name + ", host: db" + name + ", dbname: x}\n";
  }
  if (citus) text += "  citus: {coordinator: coordinator}\n";
  return text + "  ledger: {node: coordinator}\ninventory:\n" + inventory;
}

SetupLoad load(const std::string& text) {
  const ScratchDirectory scratch;
  const auto path = scratch.path() + "/homeostat.yaml";
  write_file(path, text);
  return load_setup(path);
}

bool has_policy(const SetupLoad& load, const std::string& name) {
  REQUIRE(load.setup.has_value());
  const auto& all = load.setup->policies.policies;
  return std::any_of(all.begin(), all.end(),
                     [&name](const Policy& policy) { return policy.name == name; });
}

/// Steps of a second. Zones are calm unless they are among those crowded or out.
struct World {
  explicit World(int workers, const std::string& inventory = "  zones: auto\n")
      : loaded(load(config_text(workers, inventory))) {
    REQUIRE(loaded.errors.empty());
  }
  void step(const std::vector<std::string>& crowded, const std::vector<std::string>& out = {}) {
    const auto among = [](const std::vector<std::string>& names, const std::string& name) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    now += 1s;
    // The nodes as a whole are calm: nobody but the zones' policies has a reason.
    for (const auto& node : loaded.setup->config.nodes) {
      put(snapshot, ratio("pg_blocked_ratio", {SubjectKind::node, node.name}, 0, 100, now));
    }
    for (const auto& zone : loaded.setup->config.zones) {
      const Subject subject{SubjectKind::zone, zone.name};
      const double blocked = among(crowded, zone.name) ? 19 : 0;
      put(snapshot, gauge("probe_up", subject, among(out, zone.node) ? 0 : 1, now));
      put(snapshot, ratio("pg_blocked_ratio", subject, blocked, 20, now));
    }
    auto decision = decide(loaded.setup->policies, snapshot, std::move(state), now);
    state = std::move(decision.state);
    last = std::move(decision.desired);
    for (const auto& lever : last) seen.insert(shown(lever));
  }
  static std::string shown(const DesiredLever& lever) {
    const auto admit = lever.value.arguments.find("admit");
    const double share = admit == lever.value.arguments.end() ? 1 : std::get<double>(admit->second);
    return lever.key.lever + " " + lever.key.target + " " +
           std::to_string(std::lround(100 * share));
  }
  std::vector<std::string> desired() const {
    std::vector<std::string> all;
    for (const auto& lever : last) all.push_back(shown(lever));
    return all;
  }

  SetupLoad loaded;
  Snapshot snapshot;
  EngineState state;
  std::vector<DesiredLever> last;
  std::set<std::string> seen;  ///< everything that was ever wanted
  TimePoint now{};
};

using Levers = std::vector<std::string>;

}  // namespace

TEST_CASE("auto zones: a crowded one is limited alone, and half of a node's zones are the node") {
  World world(3);
  for (int second = 0; second < 60; ++second) world.step({"w1.3"});
  CHECK(world.desired() == Levers{"zone zone/w1.3 50"});
  for (int second = 0; second < 60; ++second) world.step({"w1.3"});
  CHECK(world.desired() == Levers{"zone zone/w1.3 10"});
  // Three of eight stand for themselves, four for the node; the strictest of them.
  for (int second = 0; second < 120; ++second) world.step({"w1.1", "w1.2", "w1.3"});
  CHECK(world.desired().size() == 3);
  for (int second = 0; second < 120; ++second) world.step({"w1.1", "w1.2", "w1.3", "w1.8"});
  CHECK(world.desired() == Levers{"zone node/w1 10"});
  for (int second = 0; second < 900; ++second) world.step({});
  CHECK(world.desired().empty());
}

TEST_CASE("auto zones: where one worker has them all the node is reached as well") {
  World world(1);
  for (int second = 0; second < 120; ++second) world.step({"w1.1", "w1.2", "w1.3", "w1.4"});
  CHECK(world.desired() == Levers{"zone node/w1 10"});
}

TEST_CASE("auto zones: few transactions that wait for each other are no crowd") {
  World world(3);
  for (int second = 0; second < 300; ++second) {
    world.step({});
    put(world.snapshot, ratio("pg_blocked_ratio", {SubjectKind::zone, "w1.1"}, 4, 5, world.now));
  }
  CHECK(world.desired().empty());
}

TEST_CASE("auto zones: nodes that give no answer are each isolated in one act (H6)") {
  const int workers = GENERATE(3, 5);
  World world(workers);
  std::vector<std::string> out{"w1"};
  for (int second = 0; second < 10; ++second) world.step({}, out);
  CHECK(world.desired() == Levers{"zone node/w1 0"});
  CHECK(world.seen == std::set<std::string>{"zone node/w1 0"});
  if (workers < 4) return;
  out.push_back("w2");
  for (int second = 0; second < 10; ++second) world.step({}, out);
  CHECK(world.desired() == Levers{"zone node/w1 0", "zone node/w2 0"});
}

TEST_CASE("auto zones: the strictest admission wins where a zone is crowded and its node is out") {
  World world(3);
  for (int second = 0; second < 45; ++second) world.step({"w1.3"});
  REQUIRE(world.desired() == Levers{"zone zone/w1.3 50"});
  for (int second = 0; second < 10; ++second) world.step({"w1.3"}, {"w1"});
  CHECK(world.desired() == Levers{"zone node/w1 0", "zone zone/w1.3 50"});
}

TEST_CASE(
    "auto zones: without shards of their own zones are not judged by locks, and that is told") {
  const auto whole = load(config_text(2, "  zones: auto\n"));
  CHECK(has_policy(whole, "zone-contention"));
  for (const auto& [inventory, citus] :
       {std::pair{"  zones: auto\n  zones_per_node: 1\n", true},
        std::pair{"  zones: [{name: a, node: w1}, {name: b, node: w2}]\n", true},
        std::pair{"  zones: [{name: a, node: coordinator}, {name: b, node: coordinator}]\n", true},
        std::pair{
            "  zones: [{name: a, node: w1}, {name: b, node: w1}, {name: c, node: coordinator}]\n",
            true},
        std::pair{"  zones: [{name: a, node: coordinator}, {name: b, node: coordinator}]\n",
                  false}}) {
    INFO(inventory << citus);
    const auto site = load(config_text(2, inventory, citus));
    CHECK_FALSE(has_policy(site, "zone-contention"));
    CHECK(has_policy(site, "isolation"));
    CHECK(std::count_if(site.notes.begin(), site.notes.end(), [](const Finding& note) {
            return note.message.starts_with("policy `zone-contention` is left out");
          }) == 1);
  }
}

}  // namespace homeostat::testing
