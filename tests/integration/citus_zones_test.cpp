// SPDX-License-Identifier: Apache-2.0
// The daemon with the recommended policies and `zones: auto` on a real Citus cluster: zones that
// are groups of shards.
#include <catch2/catch.hpp>
#include <vector>

#include "tests/integration/citus_site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kListeners = R"(
  SET citus.shard_count = 24;
  CREATE TABLE listener (user_id bigint PRIMARY KEY, plays bigint);
  SELECT create_distributed_table('listener', 'user_id');
  INSERT INTO listener SELECT g, 0 FROM generate_series(1, 300) AS g;
  GRANT SELECT, UPDATE ON listener TO app;
)";
// A transaction of its own: Citus makes it on every node.
constexpr const char* kAsked = R"(
  CREATE FUNCTION asked(p_zone text, p_key text, p_critical boolean DEFAULT false) RETURNS boolean
  LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM homeostat.admit(p_zone, p_critical, p_key);
    RETURN true;
  EXCEPTION WHEN SQLSTATE 'HS005' THEN RETURN false;
  END $$;
)";

class ZonedSite : public CitusSite {
 public:
  ZonedSite() {
    cluster.sql("CREATE ROLE app LOGIN");
    cluster.sql(kListeners);
    cluster.sql(kAsked);
    CitusSetup setup{recommended_policies(), 20};
    setup.inventory = "  zones: auto\n  zones_per_node: 4\n";
    prepare(setup);
    start();
  }
  /// Waits until the daemon knows which shards each worker has.
  bool placed() {
    return eventually(
        [&] {
          return cluster.sql("SELECT count(*) FROM homeostat.zone_place WHERE group_id > 0") ==
                 "12";
        },
        std::chrono::seconds{180});
  }
  std::unique_ptr<PgClient> app() {
    return std::make_unique<PgClient>(cluster.coordinator().address("app"));
  }
  /// Of 1,000 keys.
  int taken(PgClient& client, const std::string& zone, const std::string& critical = "false") {
    return std::stoi(client.run("SELECT count(*) FROM generate_series(1, 1000) AS k WHERE asked('" +
                                zone + "', k::text, " + critical + ")"));
  }
  /// `zone key` of the first keys of two zones of worker 1.
  std::vector<std::string> two_keys() {
    const auto first = cluster.sql(
        "SELECT r.zone || ' ' || min(k) FROM generate_series(1, 300) AS k, "
        "homeostat.route('listener', k::text) AS r WHERE r.node = 'worker-1' GROUP BY r.zone ORDER "
        "BY r.zone LIMIT 1");
    const auto second = cluster.sql(
        "SELECT r.zone || ' ' || min(k) FROM generate_series(1, 300) AS k, "
        "homeostat.route('listener', k::text) AS r WHERE r.node = 'worker-1' GROUP BY r.zone ORDER "
        "BY r.zone DESC LIMIT 1");
    return {first, second};
  }
  /// Where the lever was set at a target, in order.
  std::string acts(const std::string& target) {
    return cluster.sql(
        "SELECT coalesce(string_agg(coalesce(value ->> 'admit', 'whole'), ' ' ORDER BY id), '') "
        "FROM homeostat.act WHERE kind <> 'renew' AND lever = 'zone' AND target = '" +
        target + "'");
  }
  std::string targets() {
    return cluster.sql(
        "SELECT coalesce(string_agg(DISTINCT target, ' '), '') FROM homeostat.act WHERE lever = "
        "'zone'");
  }
  std::string standing() { return cluster.sql("SELECT count(*) FROM homeostat.zone_recovery"); }
};

std::string zone_of(const std::string& both) { return both.substr(0, both.find(' ')); }
std::string key_of(const std::string& both) { return both.substr(both.find(' ') + 1); }

}  // namespace

TEST_CASE("zones of shards: a crowd on one row limits its zone, and no other one of the node") {
  if (skipped_without_citus()) return;
  ZonedSite site;
  const bool placed = site.placed();
  INFO(read_file(site.log()));
  REQUIRE(placed);
  const auto keys = site.two_keys();
  const auto hot = zone_of(keys[0]);
  const auto calm = zone_of(keys[1]);
  REQUIRE(hot != calm);
  auto client = site.app();
  CHECK(site.taken(*client, hot) == 1000);

  const auto want = "UPDATE listener SET plays = plays + 1 WHERE user_id = " + key_of(keys[0]);
  auto holder = site.app();
  holder->run("BEGIN; " + want);
  std::vector<std::unique_ptr<PgClient>> crowd;
  for (int i = 0; i < 20; ++i) {
    crowd.push_back(site.app());
    crowd.back()->send(want);
  }
  const bool limited = eventually([&] { return site.acts("zone/" + hot).starts_with("0.5 0.1"); });
  INFO(read_file(site.log()));
  REQUIRE(limited);
  // A tenth of the keys, and critical work whole.
  CHECK(site.taken(*client, hot) == Approx(100).margin(60));
  CHECK(site.taken(*client, hot, "true") == 1000);
  CHECK(site.taken(*client, calm) == 1000);
  client->run("BEGIN");
  client->run("SELECT homeostat.admit('" + calm + "', key => '" + key_of(keys[1]) + "')");
  client->run("UPDATE listener SET plays = plays + 1 WHERE user_id = " + key_of(keys[1]));
  client->run("COMMIT");

  holder->run("COMMIT");
  for (const auto& one : crowd) REQUIRE(one->finish());
  REQUIRE(eventually([&] { return site.standing() == "0"; }));
  CHECK(site.acts("zone/" + hot) == "0.5 0.1 0.5 0.75 whole");
  CHECK(site.targets() == "zone/" + hot);
  CHECK(site.taken(*client, hot) == 1000);
  CHECK(site.stop() == 0);
}

TEST_CASE("zones of shards: a worker that does not answer is isolated as one, in one act") {
  if (skipped_without_citus()) return;
  ZonedSite site;
  const bool placed = site.placed();
  INFO(read_file(site.log()));
  REQUIRE(placed);
  auto client = site.app();
  REQUIRE(site.targets().empty());

  site.cluster.node("worker-1").freeze();
  const bool isolated = eventually([&] { return site.acts("node/worker-1") == "0.0"; });
  INFO("acts: " << site.acts("node/worker-1") << ", of " << site.targets() << "\n"
                << read_file(site.log()));
  REQUIRE(isolated);
  for (int number = 1; number <= 4; ++number) {
    CHECK(site.taken(*client, "worker-1." + std::to_string(number)) == 0);
    CHECK(site.taken(*client, "worker-2." + std::to_string(number)) == 1000);
    CHECK(site.taken(*client, "worker-3." + std::to_string(number)) == 1000);
  }
  // Nobody is let in where nobody answers.
  CHECK(site.taken(*client, "worker-1.1", "true") == 0);
  site.cluster.node("worker-1").thaw();
  REQUIRE(eventually([&] { return site.standing() == "0"; }));
  CHECK_THAT(site.acts("node/worker-1"), Contains("0 0.05 0.25 whole"));
  CHECK(site.targets() == "node/worker-1");
  CHECK(site.stop() == 0);
}

}  // namespace homeostat::testing
