// SPDX-License-Identifier: Apache-2.0
// The daemon with the recommended policies on a real Citus cluster whose workers stop answering.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/integration/citus_site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

constexpr const char* kPlayed = R"(
  SET citus.shard_count = 12;
  CREATE TABLE listener (user_id bigint PRIMARY KEY, plays bigint);
  SELECT create_distributed_table('listener', 'user_id');
  INSERT INTO listener SELECT g, 0 FROM generate_series(1, 300) AS g;
  GRANT SELECT, UPDATE ON listener TO app;
)";
// A transaction of its own: Citus makes it on every node.
constexpr const char* kAttempted = R"(
  CREATE FUNCTION attempt(p_zone text) RETURNS text LANGUAGE plpgsql AS $$
  BEGIN
    PERFORM homeostat.admit(p_zone, key => 'k');
    RETURN 'admitted';
  EXCEPTION WHEN SQLSTATE 'HS005' THEN RETURN SQLSTATE;
  END $$;
)";

/// Two zones a worker, as the applications see them.
class IsolatedSite : public CitusSite {
 public:
  IsolatedSite() {
    cluster.sql("CREATE ROLE app LOGIN");
    cluster.sql(kPlayed);
    cluster.sql(kAttempted);
    CitusSetup setup{recommended_policies(), 20};
    setup.inventory = "  zones:\n";
    for (const auto& name : cluster.names()) {
      if (name == "coordinator") continue;
      const auto zone = "w" + name.substr(name.size() - 1);
      for (const auto* half : {"a", "b"}) {
        setup.inventory.append("    - {name: " + zone + half + ", node: " + name + "}\n");
      }
    }
    prepare(setup);
  }
  /// `admitted`, or the SQLSTATE.
  std::string attempt(const std::string& zone) {
    return app().run("SELECT attempt('" + zone + "')");
  }
  /// A transaction on a row of the zone, as an application does it.
  void play(const std::string& zone) {
    const auto key = app().run(
        "SELECT min(k) FROM generate_series(1, 300) AS k, homeostat.route('listener', k::text) AS "
        "r "
        "WHERE r.zone = '" +
        zone + "' AND r.writes");
    app().run("BEGIN");
    app().run("SELECT homeostat.admit('" + zone + "', key => '" + key + "')");
    app().run("UPDATE listener SET plays = plays + 1 WHERE user_id = " + key);
    app().run("COMMIT");
  }
  /// Where the lever was set, in order.
  std::string acts(const std::string& node) {
    return cluster.sql(
        "SELECT coalesce(string_agg(coalesce(value ->> 'admit', 'whole'), ' ' ORDER BY id), '') "
        "FROM homeostat.act WHERE kind <> 'renew' AND target = 'node/" +
        node + "'");
  }
  std::string standing() { return cluster.sql("SELECT count(*) FROM homeostat.zone_recovery"); }
  /// Waits until nobody of the zone is admitted; meanwhile all of the others are.
  bool only_refuses(const std::string& zone) {
    return eventually([&] {
      for (const auto* other : {"w1", "w2", "w3"}) {
        if (other != zone) CHECK(attempt(std::string{other} + "a") == "admitted");
      }
      return attempt(zone + "a") == "HS005" && attempt(zone + "b") == "HS005";
    });
  }
  /// Waits until the daemon knows which shards each worker has.
  bool placed() {
    return eventually(
        [&] {
          return cluster.sql("SELECT count(*) FROM homeostat.zone_place WHERE group_id > 0") == "6";
        },
        std::chrono::seconds{180});
  }

 private:
  PgClient& app() {
    if (!app_) app_ = std::make_unique<PgClient>(cluster.coordinator().address("app"));
    return *app_;
  }
  std::unique_ptr<PgClient> app_;
};

}  // namespace

TEST_CASE("isolation: only the zones of a worker that does not answer are refused, and come back") {
  if (skipped_without_citus()) return;
  IsolatedSite site;
  site.start();
  const bool placed = site.placed();
  INFO(read_file(site.log()));
  REQUIRE(placed);
  for (const auto* zone : {"w1a", "w1b", "w2a", "w2b", "w3a", "w3b"}) site.play(zone);

  site.cluster.node("worker-1").freeze();
  const bool refused = site.only_refuses("w1");
  INFO(read_file(site.log()));
  REQUIRE(refused);
  for (const auto* zone : {"w2a", "w2b", "w3a", "w3b"}) site.play(zone);
  // What would go to all nodes is told to wait.
  CHECK(site.cluster.sql("SELECT reads FROM homeostat.route('listener')") == "f");
  site.cluster.node("worker-1").thaw();
  REQUIRE(eventually([&] { return site.standing() == "0"; }));
  // One zone of the node comes first, and half of them are the node; then in steps.
  CHECK_THAT(site.acts("worker-1"), Contains("0 0.05 0.25 whole"));
  CHECK(site.attempt("w1a") == "admitted");
  site.play("w1a");

  site.cluster.node("worker-2").kill_server();
  REQUIRE(site.only_refuses("w2"));
  for (const auto* zone : {"w1a", "w1b", "w3a", "w3b"}) site.play(zone);
  site.cluster.node("worker-2").start();
  REQUIRE(eventually([&] { return site.standing() == "0"; }));
  CHECK_THAT(site.acts("worker-2"), Contains("0 0.05 0.25 whole"));
  CHECK(site.acts("worker-3").empty());
  site.play("w2b");
  CHECK(site.cluster.sql("SELECT count(*) FROM homeostat.lever WHERE status = 'open' AND lever = "
                         "'zone'") == "0");
  CHECK(site.stop() == 0);
}

TEST_CASE("isolation: with the supervisor dead a recovery ends by itself (H30)") {
  if (skipped_without_citus()) return;
  IsolatedSite site;
  site.start();
  const bool placed = site.placed();
  INFO(read_file(site.log()));
  REQUIRE(placed);
  site.cluster.node("worker-1").freeze();
  REQUIRE(site.only_refuses("w1"));
  site.daemon->signal(SIGKILL);
  site.daemon->wait(std::chrono::seconds{30});
  site.cluster.node("worker-1").thaw();
  CHECK(eventually([&] { return site.attempt("w1a") == "admitted"; }, std::chrono::seconds{180}));
}

}  // namespace homeostat::testing
