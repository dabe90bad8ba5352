// SPDX-License-Identifier: Apache-2.0
#include "actuators/planner_profile.hpp"

#include <catch2/catch.hpp>

#include "policies/loader/profiles.hpp"
#include "policies/loader/scalars.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/profile_bench.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using testing::PgClient;
using testing::ProfileCluster;
using testing::ProfileInstance;
using Settings = std::map<std::string, Argument>;

const Settings kContention{{"reporting/jit", std::string{"off"}},
                           {"reporting/lock_timeout", std::string{"2s"}},
                           {"bulk/lock_timeout", std::string{"2s"}}};

struct ProfileBench {
  ProfileBench() { one.lead(); }

  std::string sql(const std::string& text) const { return cluster.sql(text); }
  std::string status(const std::string& target = "profile/contention") const {
    return sql("SELECT status FROM homeostat.lever WHERE target = '" + target + "'");
  }
  std::string acts() const {
    return sql("SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY id) FROM homeostat.act");
  }

  ProfileCluster cluster;
  ProfileInstance one{cluster};
};

TEST_CASE_METHOD(ProfileBench, "a profile is set with its ledger row and its act, and given back") {
  CHECK(one.set_to(kContention) == "applied: ");
  CHECK(cluster.settings_of("reporting") == "jit=off,lock_timeout=2s");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=2s");
  CHECK(status() == "open");
  CHECK(sql("SELECT prior IS NULL FROM homeostat.lever") == "t");
  // One transaction wrote both (S3); what is set with them: see the effect that fails.
  CHECK(sql("SELECT l.xmin = a.xmin FROM homeostat.lever l, homeostat.act a") == "t");
  auto value = one.standing();
  REQUIRE(value.has_value());
  CHECK(value->arguments == kContention);

  CHECK(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("reporting").empty());
  CHECK(cluster.settings_of("bulk").empty());
  CHECK(status() == "reverted");
  value = one.standing();
  REQUIRE(value.has_value());
  CHECK(value->baseline());
  CHECK(acts() == "apply applied, revert applied");
}

TEST_CASE_METHOD(ProfileBench,
                 "new sessions of a managed role have the profile, in this database only") {
  sql("CREATE DATABASE elsewhere");
  sql("ALTER ROLE reporting SET lock_timeout = '30s'");
  REQUIRE(one.set_to(kContention) == "applied: ");
  CHECK(PgClient{cluster.address("reporting")}.run("SHOW lock_timeout") == "2s");
  CHECK(PgClient{cluster.address("reporting", "elsewhere")}.run("SHOW lock_timeout") == "30s");
  CHECK(PgClient{cluster.address("critical")}.run("SHOW lock_timeout") == "0");
  REQUIRE(one.revert_profile() == "applied: ");
  CHECK(PgClient{cluster.address("reporting")}.run("SHOW lock_timeout") == "30s");
}

TEST_CASE_METHOD(ProfileBench, "a profile's token is used once (S2)") {
  const auto change = one.change_to(kContention);
  CHECK(one.told(change) == "applied: ");
  CHECK(one.told(change) == "applied: this token was used before");
  CHECK(acts() == "apply applied");
  CHECK(one.renew_profile() == "applied: ");
  CHECK(one.set_to(kContention) == "applied: ");  // the same value under a new token: no harm
  CHECK(cluster.settings_of("reporting") == "jit=off,lock_timeout=2s");
  CHECK(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("reporting").empty());
}

TEST_CASE_METHOD(ProfileBench, "what stood before comes back, beyond the list's limits too (H23)") {
  cluster.alter("reporting", "SET lock_timeout = '10min'");
  cluster.alter("reporting", "SET work_mem = '64MB'");
  REQUIRE(one.set_to(kContention) == "applied: ");
  CHECK(sql("SELECT prior::text FROM homeostat.lever") == R"({"reporting/lock_timeout": "10min"})");
  CHECK(cluster.settings_of("reporting") == "jit=off,lock_timeout=2s,work_mem=64MB");
  REQUIRE(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("reporting") == "lock_timeout=10min,work_mem=64MB");
}

TEST_CASE_METHOD(ProfileBench,
                 "another value of an open profile keeps what stood before all of it") {
  cluster.alter("reporting", "SET jit = on");
  cluster.alter("bulk", "SET lock_timeout = '9s'");
  REQUIRE(one.set_to(kContention) == "applied: ");
  const Settings changed{{"reporting/jit", std::string{"off"}},
                         {"reporting/random_page_cost", std::string{"1.5"}}};
  REQUIRE(one.set_to(changed) == "applied: ");
  CHECK(cluster.settings_of("reporting") == "jit=off,random_page_cost=1.5");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=9s");
  CHECK(sql("SELECT prior::text FROM homeostat.lever") == R"({"reporting/jit": "on"})");
  REQUIRE(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("reporting") == "jit=on");
}

TEST_CASE_METHOD(ProfileBench,
                 "a setting that a DBA changed stays, the rest is given back (H18, S9)") {
  cluster.alter("reporting", "SET jit = on");
  REQUIRE(one.set_to(kContention) == "applied: ");
  cluster.alter("bulk", "SET lock_timeout = '7s'");
  std::string told;
  SECTION("found by a renewal") { told = one.renew_profile(); }
  SECTION("found by a revert") { told = one.revert_profile(); }
  SECTION("found by a change") { told = one.set_to({{"reporting/jit", std::string{"off"}}}); }
  CHECK(told ==
        "yielded: somebody else has set lock_timeout of role bulk (now 7s); the rest is "
        "given back");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=7s");
  CHECK(cluster.settings_of("reporting") == "jit=on");
  CHECK(status() == "yielded");
  CHECK(one.revert_profile() == "applied: the ledger has no open row for profile/contention");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=7s");
}

TEST_CASE_METHOD(ProfileBench,
                 "a setting that a DBA has reset is not set again by the same opening (H18)") {
  PolicyMemory open;
  open.policy = "lock-contention";
  open.state = BreakerState::open;
  open.opened = one.clock.now();
  REQUIRE(one.keep({open}).has_value());
  REQUIRE(one.set_to(kContention) == "applied: ");
  cluster.alter("reporting", "RESET lock_timeout");
  CHECK_THAT(one.renew_profile(), StartsWith("yielded: somebody else has set lock_timeout of role "
                                             "reporting (now inherited)"));
  CHECK_THAT(one.set_to(kContention), StartsWith("yielded: "));
  CHECK(cluster.settings_of("reporting").empty());
  CHECK(acts() == "apply applied, renew yielded");
  // A later opening is new evidence.
  sql("UPDATE homeostat.policy_state SET opened_at = clock_timestamp()");
  CHECK(one.set_to(kContention) == "applied: ");
}

TEST_CASE_METHOD(ProfileBench,
                 "every kind of write of a superseded leader is without effect (S1, H32)") {
  REQUIRE(one.set_to(kContention) == "applied: ");
  sql("UPDATE homeostat.lease SET epoch = epoch + 1");
  for (const auto kind : {ChangeKind::apply, ChangeKind::renew, ChangeKind::revert}) {
    auto change = one.change_to({{"reporting/jit", std::string{"on"}}});
    change.kind = kind;
    const auto late = one.do_change(change);
    REQUIRE_FALSE(late.has_value());
    CHECK(late.error().code == ErrorCode::superseded);
  }
  CHECK(cluster.settings_of("reporting") == "jit=off,lock_timeout=2s");
  CHECK(acts() == "apply applied");
}

TEST_CASE_METHOD(ProfileBench, "a successor finds what its predecessor set, and gives it back") {
  REQUIRE(one.set_to(kContention) == "applied: ");
  cluster.let_lease_run_out();
  ProfileInstance two{cluster, "two"};
  two.lead();
  const auto image = two.load();
  REQUIRE(image.has_value());
  REQUIRE(image->rows.size() == 1);
  CHECK(image->rows[0].value.arguments == kContention);
  CHECK(two.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("reporting").empty());
}

TEST_CASE_METHOD(ProfileBench,
                 "settings off the list and values beyond their limits are refused (S8, H59)") {
  const std::vector<std::pair<std::string, std::string>> wrong{{"work_mem", "1GB"},
                                                               {"hash_mem_multiplier", "8"},
                                                               {"plan_cache_mode", "auto"},
                                                               {"statement_timeout", "5s"},
                                                               {"search_path", "public"},
                                                               {"lock_timeout", "2h"},
                                                               {"lock_timeout", "0s"},
                                                               {"lock_timeout", "2000"},
                                                               {"lock_timeout", "61s"},
                                                               {"lock_timeout", "99ms"},
                                                               {"jit", "true"},
                                                               {"jit", "OFF"},
                                                               {"random_page_cost", "0.5"},
                                                               {"random_page_cost", "NaN"},
                                                               {"random_page_cost", "1e1"},
                                                               {"max_parallel_workers", "9"},
                                                               {"max_parallel_workers", "-1"},
                                                               {"jit; DROP ROLE bulk", "on"},
                                                               {"JIT", "on"}};
  for (const auto& [setting, value] : wrong) {
    CAPTURE(setting, value);
    const auto told = one.set_to({{"reporting/" + setting, value}});
    CHECK_THAT(told, StartsWith("refused: ") && Contains(setting));
  }
  CHECK_THAT(one.set_to({{"reporting/lock_timeout", std::string{"2h"}}}),
             Contains("expected a duration from 0.1 to 60 seconds, such as 2s or 500ms"));
  CHECK_THAT(one.set_to({}), StartsWith("refused: "));
  CHECK_THAT(one.set_to({{"reporting/jit", false}}), StartsWith("refused: "));
  CHECK_THAT(one.set_to(kContention, "profile/unheard"), Contains("no profile is registered as"));
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
  CHECK(cluster.settings_of("reporting").empty());
}

TEST_CASE_METHOD(ProfileBench,
                 "roles that must not be managed are refused, role and reason named (H49)") {
  const auto told = [&](const std::string& role) {
    return one.set_to({{role + "/lock_timeout", std::string{"2s"}}});
  };
  CHECK(told("nobody") == "refused: role 'nobody' does not exist");
  CHECK(told("postgres") == "refused: role postgres is a superuser");
  CHECK(told("homeostat_actuator") == "refused: role homeostat_actuator is one of Homeostat's own");
  CHECK(told("critical") ==
        "refused: role critical has no wrapper: see homeostat grants --actuator --config");
  CHECK_THAT(told("x\"; DROP ROLE bulk; --"), StartsWith("refused: role "));

  cluster.sql(
      "CREATE SUBSCRIPTION feed CONNECTION 'dbname=none' PUBLICATION p "
      "WITH (connect = false);"
      "ALTER ROLE bulk SUPERUSER; ALTER SUBSCRIPTION feed OWNER TO bulk;"
      "ALTER ROLE bulk NOSUPERUSER");
  CHECK(told("bulk") ==
        "refused: role bulk owns subscription feed: its settings would reach the "
        "apply workers");
  // As Citus has it, where a distributed table is a row of this catalog.
  cluster.sql(
      "SET allow_system_table_mods = on;"
      "CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass);"
      "GRANT SELECT ON pg_catalog.pg_dist_partition TO PUBLIC; CREATE TABLE big ();"
      "ALTER TABLE big OWNER TO reporting;"
      "INSERT INTO pg_catalog.pg_dist_partition VALUES ('big')");
  CHECK_THAT(told("reporting"),
             StartsWith("refused: role reporting owns the distributed table ") && Contains("big"));
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
}

TEST_CASE_METHOD(
    ProfileBench,
    "a role that became a subscription's owner is no longer renewed, only given back (H49)") {
  REQUIRE(one.set_to(kContention) == "applied: ");
  cluster.sql(
      "CREATE SUBSCRIPTION feed CONNECTION 'dbname=none' PUBLICATION p "
      "WITH (connect = false);"
      "ALTER ROLE bulk SUPERUSER; ALTER SUBSCRIPTION feed OWNER TO bulk;"
      "ALTER ROLE bulk NOSUPERUSER");
  CHECK_THAT(one.renew_profile(), StartsWith("refused: role bulk owns subscription feed"));
  CHECK(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("bulk").empty());
}

TEST_CASE_METHOD(ProfileBench,
                 "a privilege lost while a profile stands is named by the next renewal (H14)") {
  REQUIRE(one.set_to(kContention) == "applied: ");
  std::string mend;
  std::string expected;
  SECTION("REVOKE EXECUTE") {
    sql("REVOKE EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) FROM homeostat_owner");
    mend = "GRANT EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) TO homeostat_owner";
    expected =
        "GRANT EXECUTE ON FUNCTION homeostat_roles.bulk(text, text) TO homeostat_owner is "
        "missing";
  }
  SECTION("REVOKE USAGE") {
    sql("REVOKE USAGE ON SCHEMA homeostat_roles FROM homeostat_owner");
    mend = "GRANT USAGE ON SCHEMA homeostat_roles TO homeostat_owner";
    expected = "has no wrapper: see homeostat grants --actuator --config";
  }
  SECTION("REASSIGN OWNED") {
    sql("REASSIGN OWNED BY bulk TO critical");
    mend = "ALTER FUNCTION homeostat_roles.bulk(text, text) OWNER TO bulk";
    expected = "the wrapper of role bulk belongs to role critical";
  }
  SECTION("the wrapper is dropped") {
    sql("DROP FUNCTION homeostat_roles.bulk(text, text)");
    mend = planner_roles_script({"bulk"});
    expected = "role bulk has no wrapper";
  }
  CHECK_THAT(one.renew_profile(), StartsWith("refused: ") && Contains(expected));
  CHECK_THAT(one.revert_profile(), !StartsWith("applied"));
  CHECK(status() == "open");  // nothing half done
  CHECK(cluster.settings_of("reporting") == "jit=off,lock_timeout=2s");
  CHECK(cluster.settings_of("critical").empty());
  CHECK_THAT(one.set_to({{"bulk/lock_timeout", std::string{"1s"}}}), !StartsWith("applied"));

  sql(mend);
  CHECK(one.renew_profile() == "applied: ");
  CHECK(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("bulk").empty());
  CHECK(cluster.settings_of("reporting").empty());
}

TEST_CASE_METHOD(ProfileBench, "a role that is gone, and one that was renamed, are yielded") {
  REQUIRE(one.set_to(kContention) == "applied: ");
  SECTION("gone") { sql("DROP OWNED BY bulk; DROP ROLE bulk"); }
  SECTION("renamed") { sql("ALTER ROLE bulk RENAME TO bulky"); }
  CHECK_THAT(one.renew_profile(), StartsWith("yielded: somebody else has set lock_timeout of role "
                                             "bulk (now inherited)"));
  CHECK(cluster.settings_of("reporting").empty());
}

TEST_CASE_METHOD(ProfileBench, "two profiles never hold one setting of one role") {
  REQUIRE(one.set_to(kContention) == "applied: ");
  CHECK(one.set_to({{"bulk/lock_timeout", std::string{"1s"}}}, "profile/other") ==
        "refused: profile/contention has set lock_timeout of role bulk already");
  CHECK(one.set_to({{"bulk/jit", std::string{"off"}}}, "profile/other") == "applied: ");
  CHECK(one.revert_profile() == "applied: ");
  CHECK(cluster.settings_of("bulk") == "jit=off");
}

TEST_CASE_METHOD(ProfileBench,
                 "an effect that fails leaves no ledger row, no act and nothing set (S3)") {
  // The second of two roles fails: the first one's settings go with it.
  sql("CREATE OR REPLACE FUNCTION homeostat_roles.reporting(setting text, value text) RETURNS void"
      " LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RAISE EXCEPTION ''no effect today''; END'");
  CHECK_THAT(one.set_to(kContention), StartsWith("refused: no effect today"));
  CHECK(cluster.settings_of("bulk").empty());
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
  CHECK(acts().empty());
}

TEST_CASE_METHOD(ProfileBench, "a wrapper that does something else than asked is found out (H16)") {
  sql("CREATE OR REPLACE FUNCTION homeostat_roles.reporting(setting text, value text) RETURNS void"
      " LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN NULL; END'");
  CHECK_THAT(one.set_to(kContention), StartsWith("error: ") && Contains("reads back otherwise"));
  CHECK(sql("SELECT count(*) FROM homeostat.lever") == "0");
}

TEST_CASE_METHOD(ProfileBench,
                 "a collision inside PostgreSQL is tried again, three times in all (H17)") {
  sql("CREATE SEQUENCE tries; GRANT USAGE ON SEQUENCE tries TO bulk;"
      "CREATE OR REPLACE FUNCTION homeostat_roles.bulk(setting text, value text) RETURNS void"
      " LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN"
      "   IF nextval('public.tries') <= current_setting('test.collisions')::int THEN"
      "     RAISE EXCEPTION 'tuple concurrently updated' USING ERRCODE = 'internal_error';"
      "   END IF;"
      "   ALTER ROLE bulk IN DATABASE postgres SET lock_timeout = '2s'; END $$;"
      "ALTER DATABASE postgres SET test.collisions = 3");
  ProfileInstance two{cluster, "two"};  // a session that has the setting
  cluster.let_lease_run_out();
  two.lead();
  const Settings bulk{{"bulk/lock_timeout", std::string{"2s"}}};
  CHECK_THAT(two.set_to(bulk), StartsWith("refused: tuple concurrently updated"));
  CHECK(cluster.settings_of("bulk").empty());
  sql("SELECT setval('tries', 1)");  // two collisions are left
  CHECK(two.set_to(bulk) == "applied: ");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=2s");
}

TEST_CASE_METHOD(ProfileBench, "writers of one role's settings that collide are waited for (H17)") {
  // Each of the four changes the same row of pg_db_role_setting, as a DBA's scripts would.
  sql("ALTER ROLE bulk IN DATABASE postgres SET work_mem = '4MB'");
  std::vector<std::unique_ptr<PgClient>> writers;
  for (int i = 0; i < 4; ++i) {
    writers.push_back(std::make_unique<PgClient>(cluster.address()));
    writers.back()->send(
        "DO $$ BEGIN FOR i IN 1..200 LOOP BEGIN "
        "ALTER ROLE bulk IN DATABASE postgres SET work_mem = '" +
        std::to_string(5 + i) +
        "MB'; EXCEPTION WHEN internal_error THEN NULL; END; COMMIT; END LOOP; "
        "END $$");
  }
  int applied = 0;
  while (applied < 20) {
    const auto told = one.set_to(kContention);
    CHECK((told == "applied: " || told.find("tuple concurrently updated") != std::string::npos ||
           told.find("somebody else is setting") != std::string::npos));
    if (told != "applied: ") continue;
    ++applied;
    while (one.revert_profile() != "applied: ") {
    }
  }
  for (const auto& writer : writers) CHECK(writer->finish());
  CHECK_THAT(cluster.settings_of("bulk"), StartsWith("work_mem=") && !Contains("lock_timeout"));
}

TEST_CASE_METHOD(ProfileBench,
                 "a DBA's open transaction on the role is not waited for beyond the deadline") {
  PgClient dba{cluster.address()};
  cluster.alter("bulk", "SET work_mem = '4MB'");
  dba.run("BEGIN; ALTER ROLE bulk IN DATABASE postgres SET work_mem = '5MB'");
  CHECK_THAT(one.set_to(kContention), StartsWith("error: ") && Contains("lock timeout"));
  dba.run("COMMIT");
  CHECK(one.set_to(kContention) == "applied: ");
  CHECK(cluster.settings_of("bulk") == "lock_timeout=2s,work_mem=5MB");
}

TEST_CASE_METHOD(ProfileBench, "sessions from before a change are counted until they are gone") {
  const auto stale = [&](const std::string& role) {
    one.clock.advance(5s);
    REQUIRE(testing::run_coroutine(one.io, one.profile.after_step()).has_value());
    const auto counts = one.profile.stale_sessions();
    const auto found = counts.find(role);
    return found == counts.end() ? -1 : found->second;
  };
  CHECK(stale("reporting") == -1);  // never managed: nothing to say
  auto before = std::make_unique<PgClient>(cluster.address("reporting"));
  REQUIRE(one.set_to(kContention) == "applied: ");
  auto during = std::make_unique<PgClient>(cluster.address("reporting"));
  CHECK(stale("reporting") == 1);
  CHECK(stale("bulk") == 0);
  REQUIRE(one.revert_profile() == "applied: ");
  // The session from before has what stands again; the one that began meanwhile has not.
  const PgClient after{cluster.address("reporting")};
  CHECK(stale("reporting") == 1);
  during.reset();
  CHECK(testing::eventually([&] { return stale("reporting") == 0; }));
  CHECK(before->run("SHOW lock_timeout") == "0");
}

TEST_CASE_METHOD(ProfileBench,
                 "names that are no names are refused before they reach the server (H44)") {
  for (const std::string target : {"profile/x\"; DROP TABLE homeostat.lever; --", "profile/",
                                   "class/batch", "profile", "", "profile/-x"}) {
    CAPTURE(target);
    CHECK(one.set_to(kContention, target) == "refused: no target of lever planner_profile");
    CHECK_FALSE(one.standing(target).has_value());
  }
}

TEST_CASE_METHOD(ProfileBench,
                 "only the schema's functions reach a wrapper, and it checks by itself (S8)") {
  for (const auto* role : {"homeostat_actuator", "homeostat_monitor", "bulk", "critical"}) {
    CAPTURE(role);
    PgClient client{cluster.address(role)};
    CHECK_THROWS_WITH(client.run("SELECT homeostat_roles.bulk('jit', 'off')"),
                      Contains("permission denied"));
  }
  PgClient owner{cluster.address("homeostat_owner")};
  CHECK_THROWS_WITH(owner.run("SELECT homeostat_roles.bulk('work_mem', '1GB')"),
                    Contains("is nothing that a profile may set"));
  CHECK_THROWS_WITH(owner.run("SELECT homeostat_roles.bulk('lock_timeout', '1h')"),
                    Contains("lock_timeout cannot be"));
  CHECK_THROWS_WITH(owner.run("SELECT homeostat_roles.bulk('work_mem', NULL)"),
                    Contains("is nothing that a profile may set"));
  CHECK_THROWS_WITH(owner.run("CREATE FUNCTION homeostat_roles.mine() RETURNS int LANGUAGE sql "
                              "AS 'SELECT 1'"),
                    Contains("permission denied"));
}

/// `jit choice on,off`, `lock_timeout duration 0.1 60`: an entry of the configuration's list.
std::string entry_of(const loader::Key& key) {
  if (key.allowed) return key.name + " choice " + key.allowed->at(0) + "," + key.allowed->at(1);
  const auto* kind = key.type == loader::Type::integer    ? "integer"
                     : key.type == loader::Type::duration ? "duration"
                                                          : "number";
  return key.name + " " + kind + " " + loader::format_number(*key.range.min) + " " +
         loader::format_number(*key.range.max);
}

TEST_CASE_METHOD(ProfileBench,
                 "the configuration and the database have the same list of settings (S8)") {
  for (const auto& key : loader::planner_settings_shape().keys) {
    const auto entry = entry_of(key);
    const auto name = key.name;
    CAPTURE(name);
    CHECK(sql("SELECT concat_ws(' ', name, kind, least, most, array_to_string(choices, ',')) FROM "
              "homeostat.planner_setting WHERE name = '" +
              name + "'") == entry);
    // And PostgreSQL lets a plain role set it.
    CHECK(sql("SELECT context FROM pg_settings WHERE name = '" + name + "'") == "user");
  }
  CHECK(sql("SELECT count(*) FROM homeostat.planner_setting") ==
        std::to_string(loader::planner_settings_shape().keys.size()));
}

TEST_CASE("roles that are missing or superusers stop the script for the roles") {
  ProfileCluster cluster;
  CHECK_THROWS_WITH(cluster.sql(planner_roles_script({"bulk", "nobody"})),
                    Contains("role nobody of the inventory does not exist"));
  CHECK_THROWS_WITH(cluster.sql(planner_roles_script({"postgres"})),
                    Contains("role postgres is a superuser"));
  cluster.sql(planner_roles_script({"reporting", "bulk"}));  // again: nothing that stands changes
}

}  // namespace
}  // namespace homeostat
