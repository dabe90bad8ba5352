// SPDX-License-Identifier: Apache-2.0
// The walk from somebody's own PostgreSQL to a daemon that acts: grants, doctor, shadow, enforce.
#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/bare_site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pgbouncer_server.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

nlohmann::json sampled(const nlohmann::json& status, const std::string& signal) {
  for (const auto& sample : status.at("samples")) {
    if (sample.at("signal") == signal && sample.at("subject") == "node/main") return sample;
  }
  return {{"quality", "none yet"}, {"numerator", -1}};
}

bool measures(const BareSite& site) {
  return sampled(site.status(), "probe_up").at("numerator") == 1 &&
         sampled(site.status(), "pg_open_transactions").at("quality") == "whole";
}

std::string state(const BareSite& site) {
  const auto status = site.status();
  for (const auto& verdict : status.at("verdicts")) {
    if (verdict.at("policy") == "circuit-breaker") return verdict.at("state");
  }
  return {};
}

}  // namespace

TEST_CASE("first minutes: the monitor's grants are all that shadow needs") {
  BareSite site;
  site.grant({"--monitor"});
  site.watch(site.postgres().port());
  const auto doctor = run_homeostat({"doctor", "--config", site.config_path()});
  INFO(doctor.output);
  CHECK(doctor.status == 0);
  CHECK_THAT(doctor.output, !Contains("FAIL"));
  site.start_daemon();
  REQUIRE(eventually([&] { return measures(site); }));
  site.inject(28, 32);
  REQUIRE(eventually([&] { return state(site) == "open"; }));
  CHECK(site.postgres().sql("SELECT count(*) FROM pg_namespace WHERE nspname = 'homeostat'") ==
        "0");
  CHECK(site.postgres().sql("SELECT string_agg(rolname, ' ') FROM pg_roles "
                            "WHERE rolname LIKE 'homeostat%'") == "homeostat_monitor");
}

TEST_CASE("first minutes: with the actuator's grants and the schema it acts") {
  BareSite site;
  site.grant({"--monitor"});
  site.grant({"--actuator"});
  site.act(site.postgres().port());
  const auto before = run_homeostat({"doctor", "--config", site.config_path()});
  CHECK(before.status == 1);
  CHECK_THAT(before.output, Contains("homeostat migrate --config " + site.config_path()));
  CHECK(run_homeostat({"migrate", "--config", site.config_path()}).status == 0);
  const auto doctor = run_homeostat({"doctor", "--config", site.config_path()});
  INFO(doctor.output);
  CHECK(doctor.status == 0);
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] {
    return site.postgres().sql("SELECT homeostat.allowed('monthly_report', 'a')") == "f";
  }));
  const auto beside = run_homeostat({"doctor", "--config", site.config_path()});
  CHECK(beside.status == 0);
  CHECK_THAT(beside.output, Contains("is served by Homeostat") && Contains("leads (epoch 1)"));
}

TEST_CASE("first minutes: doctor's exit status and JSON are for scripts") {
  BareSite site;
  site.watch(site.postgres().port());
  const auto failing = run_homeostat({"doctor", "--json", "--config", site.config_path()});
  CHECK(failing.status == 1);
  const auto json = nlohmann::json::parse(failing.output);
  CHECK(json.at("worst") == "fail");
  CHECK(json.at("fail") == 1);
  std::ofstream{site.config_path()} << "version: 1\npolicies: [p.yaml]\npostgrse: {}\n";
  const auto broken = run_homeostat({"doctor", "--json", "--config", site.config_path()});
  CHECK(broken.status == 2);
  const auto finding = nlohmann::json::parse(broken.output).at("findings").at(0);
  CHECK_THAT(finding.at("found").get<std::string>(), Contains("postgrse"));
  CHECK(run_homeostat({"grants"}).status == 2);
}

TEST_CASE("first minutes: a daemon whose monitor goes through PgBouncer measures") {
  BareSite site;
  site.grant({"--monitor"});
  const PgBouncerServer bouncer{site.postgres(), kIgnoresOptions};
  site.watch(bouncer.port());
  for (int life = 0; life < 2; ++life) {
    site.start_daemon();
    REQUIRE(eventually([&] { return measures(site); }));
    site.stop_daemon();
  }
}

TEST_CASE("first minutes: a daemon that PgBouncer does not let in says who it is") {
  BareSite site;
  site.grant({"--monitor"});
  const PgBouncerServer bouncer{site.postgres()};
  site.watch(bouncer.port());
  site.start_daemon();
  REQUIRE(eventually([&] {
    return run_homeostat({"status", "--server", site.url()}).output.find("this is PgBouncer") !=
           std::string::npos;
  }));
  CHECK(sampled(site.status(), "probe_up").at("numerator") == 0);
}

TEST_CASE("first minutes: a daemon whose ledger is behind PgBouncer leads nothing and says why") {
  BareSite site;
  site.grant({"--monitor", "--actuator"});
  site.act(site.postgres().port());
  REQUIRE(run_homeostat({"migrate", "--config", site.config_path()}).status == 0);
  const PgBouncerServer bouncer{site.postgres(), kIgnoresOptions};
  site.act(bouncer.port());
  site.start_daemon();
  REQUIRE(eventually([&] {
    return run_homeostat({"status", "--server", site.url()}).output.find("connection pooler") !=
           std::string::npos;
  }));
  CHECK(site.status().at("leader") == false);
}

}  // namespace homeostat::testing
