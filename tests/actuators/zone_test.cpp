// SPDX-License-Identifier: Apache-2.0
// The lever against a real PostgreSQL, and homeostat.admit() as applications of a zone in recovery
// call it.
#include "actuators/zone.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "sql/embedded.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/listener.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgClient;

/// A leader with the lever: zones east and west on node one, south on node two, home on this
/// server.
struct ZoneLeader {
  ZoneLeader(const LedgerCluster& cluster, const std::string& name)
      : instance{cluster, name},
        lever{instance.session, [this] { return places; }, instance.clock, testing::kPatient} {
    instance.lead();
  }
  Change change(ChangeKind kind, double admit = 0) {
    auto made = instance.change(kind, target, admit);
    made.desired.key = {"zone", target};
    made.desired.ttl = 60s;
    made.desired.policy = "isolation";
    return made;
  }
  ChangeResult apply(Change made) {
    const auto result = testing::run_coroutine(instance.io, lever.apply(std::move(made)));
    if (!result.has_value()) return {ChangeOutcome::unknown, "error: " + result.error().context};
    return *result;
  }
  std::string outcome(Change made) { return std::string{to_text(apply(std::move(made)).outcome)}; }
  std::string set(double admit) { return outcome(change(ChangeKind::apply, admit)); }
  std::string renew() { return outcome(change(ChangeKind::renew)); }
  std::string revert() { return outcome(change(ChangeKind::revert)); }
  /// Nothing: the baseline.
  std::optional<double> stands() {
    const auto value = testing::run_coroutine(instance.io, lever.read(target));
    if (!value.has_value()) throw std::runtime_error(value.error().context);
    if (value->baseline()) return std::nullopt;
    return std::get<double>(value->arguments.at("admit"));
  }
  void step() {
    const auto done = testing::run_coroutine(instance.io, lever.after_step());
    if (!done.has_value()) throw std::runtime_error(done.error().context);
  }

  std::string target = "zone/east";
  std::vector<ZonePlace> places{{"east", "one", 1, false},
                                {"west", "one", 1, false},
                                {"south", "two", {}, false},
                                {"home", "main", 0, true}};
  Instance instance;
  ZoneLever lever;
};

struct ZoneBench {
  ZoneBench() {
    cluster.sql(
        "CREATE FUNCTION attempt(p_zone text, p_key text DEFAULT NULL, p_critical boolean DEFAULT "
        "false) RETURNS text LANGUAGE plpgsql AS $$ DECLARE v_detail text; BEGIN "
        "PERFORM homeostat.admit(p_zone, p_critical, p_key); RETURN 'admitted'; "
        "EXCEPTION WHEN SQLSTATE 'HS005' THEN GET STACKED DIAGNOSTICS v_detail = "
        "PG_EXCEPTION_DETAIL; RETURN SQLSTATE || (v_detail ~ '^retry_after_ms=1[0-9]{3}$')::text; "
        "END $$");
  }
  std::string sql(const std::string& text) const { return cluster.sql(text); }
  /// As the application is told.
  std::string attempt(const std::string& zone) { return app.run("SELECT attempt('" + zone + "')"); }
  /// Of keys 1 to 2,000.
  int let_in() {
    return std::stoi(
        app.run("SELECT count(*) FROM generate_series(1, 2000) AS k "
                "WHERE attempt('east', k::text) = 'admitted'"));
  }
  std::string keys_let_in() {
    return app.run(
        "SELECT string_agg(k::text, ' ' ORDER BY k) FROM generate_series(1, 2000) AS k "
        "WHERE attempt('east', k::text) = 'admitted'");
  }
  std::string status(const std::string& target = "zone/east") const {
    return sql("SELECT status FROM homeostat.lever WHERE target = '" + target + "'");
  }
  /// As if the expiry had passed 15 seconds ago: a recovery is given 60.
  void run_out() const {
    for (const auto* table : {"zone_recovery", "lever"}) {
      sql(std::string{"UPDATE homeostat."} + table +
          " SET expires_at = expires_at - interval '75 seconds'");
    }
  }

  LedgerCluster cluster;
  PgClient app{(sql("CREATE ROLE app LOGIN"), cluster.address("app"))};
  ZoneLeader one{cluster, "one"};
};

TEST_CASE_METHOD(ZoneBench,
                 "a recovery stands in ledger and zone at once, and is given back (S3)") {
  CHECK(one.stands() == std::nullopt);
  CHECK(attempt("east") == "admitted");
  CHECK(one.set(0) == "applied");
  CHECK(one.stands() == 0);
  CHECK(status() == "open");
  CHECK(sql("SELECT count(DISTINCT x::text) FROM (SELECT xmin FROM homeostat.lever UNION ALL "
            "SELECT xmin FROM homeostat.act UNION ALL SELECT xmin FROM homeostat.zone_recovery) "
            "AS t(x)") == "1");
  CHECK(attempt("east") == "HS005true");
  CHECK(app.run("SELECT attempt('east', NULL, true)") == "HS005true");  // critical, too
  CHECK(attempt("west") == "admitted");
  const auto before = sql("SELECT expires_at FROM homeostat.zone_recovery");
  CHECK(one.renew() == "applied");
  CHECK(sql("SELECT expires_at > '" + before + "' FROM homeostat.zone_recovery") == "t");
  CHECK(one.revert() == "applied");
  CHECK(one.stands() == std::nullopt);
  CHECK(status() == "reverted");
  CHECK(attempt("east") == "admitted");
}

TEST_CASE_METHOD(ZoneBench, "who was let in again stays in, and the next recovery draws anew") {
  REQUIRE(one.set(0) == "applied");
  CHECK(let_in() == 0);
  REQUIRE(one.set(0.05) == "applied");
  const auto first = keys_let_in();
  CHECK(let_in() == Approx(100).margin(45));
  CHECK(keys_let_in() == first);
  REQUIRE(one.set(0.25) == "applied");
  CHECK(let_in() == Approx(500).margin(100));
  CHECK(app.run("SELECT bool_and(attempt('east', k) = 'admitted') FROM "
                "regexp_split_to_table('" +
                first + "', ' ') AS k") == "t");
  // Without a key each call is drawn by itself.
  CHECK(std::stoi(app.run("SELECT count(*) FROM generate_series(1, 2000) WHERE attempt('east') = "
                          "'admitted'")) == Approx(500).margin(120));
  REQUIRE(one.revert() == "applied");
  REQUIRE(one.set(0.05) == "applied");
  CHECK(keys_let_in() != first);
}

TEST_CASE_METHOD(ZoneBench, "a node in recovery is all of its zones, and the stricter row wins") {
  one.target = "node/one";
  REQUIRE(one.set(0) == "applied");
  CHECK(attempt("east") == "HS005true");
  CHECK(attempt("west") == "HS005true");
  CHECK(attempt("south") == "admitted");
  CHECK(attempt("nobody declared this") == "admitted");
  one.target = "zone/east";
  REQUIRE(one.set(1) == "applied");
  CHECK(attempt("east") == "HS005true");
}

TEST_CASE_METHOD(ZoneBench, "critical work is turned away only where nobody is let in") {
  const auto critical = [&](const std::string& zone) {
    return std::stoi(app.run("SELECT count(*) FROM generate_series(1, 200) AS k WHERE attempt('" +
                             zone + "', k::text, true) = 'admitted'"));
  };
  REQUIRE(one.set(0.1) == "applied");
  CHECK(critical("east") == 200);
  CHECK(let_in() < 400);
  one.target = "node/one";  // the stricter of the two
  REQUIRE(one.set(0) == "applied");
  CHECK(critical("east") == 0);
  CHECK(critical("south") == 200);
}

TEST_CASE_METHOD(ZoneBench,
                 "a recovery is hinted at once, further steps of a second together (H55)") {
  testing::Listener listener{cluster.address()};
  REQUIRE(one.set(0) == "applied");
  CHECK(listener.hears(R"({"admit":{"zone/east":0.0},"lever":"zone"})"));
  // A renewal is no news; of what follows within the second the newest is told.
  REQUIRE(one.renew() == "applied");
  one.target = "node/two";
  REQUIRE(one.set(0.05) == "applied");
  REQUIRE(one.set(0.25) == "applied");
  one.target = "zone/east";
  REQUIRE(one.revert() == "applied");
  one.step();
  CHECK(listener.heard().empty());  // no time has passed
  one.instance.clock.advance(1s);
  one.step();
  CHECK(listener.hears(R"({"admit":{"node/two":0.25,"zone/east":1.0},"lever":"zone"})"));
  one.instance.clock.advance(1s);
  one.step();
  CHECK(listener.heard().empty());
}

TEST_CASE_METHOD(ZoneBench,
                 "a recovery whose hint cannot be sent stands all the same and says so (H55)") {
  sql("REVOKE EXECUTE ON FUNCTION pg_notify(text, text) FROM PUBLIC");
  const auto answer = one.apply(one.change(ChangeKind::apply));
  CHECK(answer.outcome == ChangeOutcome::applied);
  CHECK_THAT(answer.detail, Contains("hint") && Contains("pg_notify"));
  CHECK(one.stands() == 0);
  CHECK(attempt("east") == "HS005true");
}

TEST_CASE_METHOD(ZoneBench, "a zone of the ledger's own server is not turned away") {
  for (const auto* target : {"zone/home", "node/main"}) {
    one.target = target;
    const auto answer = one.apply(one.change(ChangeKind::apply));
    CHECK(answer.outcome == ChangeOutcome::refused);
    CHECK_THAT(answer.detail, Contains("the server that holds the ledger, which answers"));
  }
  CHECK(attempt("home") == "admitted");
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
}

TEST_CASE_METHOD(ZoneBench,
                 "a recovery is taken by its token once, and not from a leader of before (S2)") {
  const auto change = one.change(ChangeKind::apply);
  CHECK(one.outcome(change) == "applied");
  CHECK(one.outcome(change) == "applied");
  CHECK(sql("SELECT count(*) FROM homeostat.act") == "1");
  cluster.let_lease_run_out();
  CHECK(one.apply(one.change(ChangeKind::apply, 0.5)).outcome != ChangeOutcome::applied);
  ZoneLeader two{cluster, "two"};
  CHECK(two.stands() == 0);
  CHECK(two.set(0.25) == "applied");
  CHECK(one.apply(one.change(ChangeKind::apply, 0.5)).outcome != ChangeOutcome::applied);
  CHECK(two.stands() == 0.25);
  // Nor is where the zones are.
  one.places.clear();
  CHECK_THROWS(one.step());
  CHECK(sql("SELECT count(*) FROM homeostat.zone_place") == "4");
}

TEST_CASE_METHOD(ZoneBench, "somebody else's recovery is left alone (S6)") {
  const std::string theirs =
      "INSERT INTO homeostat.zone_recovery (target, admit, salt) VALUES ('zone/east', 0.5, '')";
  SECTION("set before") {
    sql(theirs);
    CHECK(one.set(0) == "yielded");
    CHECK(one.set(0) == "yielded");
    CHECK(sql("SELECT count(*) FROM homeostat.act") == "1");  // told once
    CHECK(one.stands() == 0.5);
  }
  SECTION("set over ours") {
    CHECK(one.set(0) == "applied");
    sql("UPDATE homeostat.zone_recovery SET admit = 0.5");
    const auto kind = GENERATE(ChangeKind::apply, ChangeKind::renew, ChangeKind::revert);
    CHECK(one.outcome(one.change(kind)) == "yielded");
    CHECK(one.stands() == 0.5);
    CHECK(status() == "yielded");
  }
  SECTION("ours lifted") {
    CHECK(one.set(0) == "applied");
    sql("DELETE FROM homeostat.zone_recovery");
    const auto answer = one.apply(one.change(ChangeKind::renew));
    CHECK(answer.outcome == ChangeOutcome::yielded);
    CHECK(answer.detail == "somebody else has lifted zone/east");
  }
  SECTION("another database's, which came by replication") {
    sql("INSERT INTO homeostat.zone_recovery (target, admit, salt, identity) VALUES "
        "('zone/east', 0, '', '42/elsewhere')");
    CHECK(attempt("east") == "admitted");
    CHECK(one.set(0.5) == "applied");
  }
}

TEST_CASE_METHOD(ZoneBench, "what is no share and no zone is refused, and leaves nothing") {
  for (const double share : {-0.1, 1.1}) CHECK(one.set(share) == "refused");
  for (const auto* target : {"zone/", "zone/x'y", "cluster", "east", "class/batch"}) {
    one.target = target;
    CHECK(one.set(0) == "refused");
    CHECK_THROWS_WITH(one.stands(), Contains("no target"));
  }
  CHECK(sql("SELECT count(*) FROM homeostat.act") == "0");
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
}

TEST_CASE_METHOD(ZoneBench, "with nobody there a recovery ends by itself, over a minute (H30)") {
  REQUIRE(one.set(0) == "applied");
  run_out();
  const int share = let_in();
  CHECK(share > 200);
  CHECK(share < 1800);
  cluster.let_lease_run_out();
  CHECK(sql("SELECT lever || ' ' || outcome FROM homeostat.expire()") == "zone applied");
  CHECK(status() == "reverted");
  CHECK(let_in() < 1900);  // its minute goes on
  sql("UPDATE homeostat.zone_recovery SET expires_at = clock_timestamp() - interval '1 minute'");
  CHECK(let_in() == 2000);
  // What is over goes with the next leader's inventory.
  one.instance.lead();
  one.instance.clock.advance(61s);
  one.step();
  CHECK(sql("SELECT count(*) FROM homeostat.zone_recovery") == "0");
}

TEST_CASE_METHOD(ZoneBench,
                 "the schema's zones are what the configuration says, and what is known") {
  one.step();
  const auto places = [&] {
    return sql(
        "SELECT string_agg(concat_ws(' ', zone, node, group_id, here), ',' ORDER BY zone) "
        "FROM homeostat.zone_place");
  };
  CHECK(places() == "east one 1 f,home main 0 t,south two f,west one 1 f");
  one.places[2].group = 2;
  one.step();
  CHECK(places() == "east one 1 f,home main 0 t,south two 2 f,west one 1 f");
  // What is not known any more stays; of a zone that has moved it does not.
  for (auto& place : one.places) place.group.reset();
  one.places[0].node = "two";
  one.places.pop_back();
  one.step();
  CHECK(places() == "east two f,south two 2 f,west one 1 f");
  // Somebody else's inventory meanwhile is put right.
  sql("DELETE FROM homeostat.zone_place");
  one.step();
  CHECK(places().empty());
  one.instance.clock.advance(61s);
  one.step();
  CHECK(places() == "east two f,south two f,west one f");
}

}  // namespace
}  // namespace homeostat
