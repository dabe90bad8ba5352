// SPDX-License-Identifier: Apache-2.0
// Behind the address of the supervised server stands another one all of a sudden.
#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

bool leads(const Site& site) { return site.status().at("leader") == true; }
std::string bar(const Site& site) { return site.status().at("bar"); }
std::string detail(const Site& site) { return site.status().at("bar_detail"); }

}  // namespace

TEST_CASE("another server: nothing is done to it until doctor was asked and it was reloaded (H5)") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return leads(site); }));
  site.postgres().replace();
  site.prepare();
  REQUIRE(eventually([&] { return detail(site).find("Homeostat led on") != std::string::npos; }));
  CHECK(bar(site) == "identity_changed");
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.step() == "blocked"; }));
  CHECK(site.rung() == 0);
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.act") == "0");
  const auto doctor = site.homeostat({"doctor", "--config", site.config_path()});
  CHECK(doctor.status == 1);
  CHECK_THAT(doctor.output, Contains("Homeostat led on") && Contains("SIGHUP"));

  site.daemon().signal(SIGHUP);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  CHECK(site.homeostat({"doctor", "--config", site.config_path()}).status == 0);
}

TEST_CASE("another server: a standby in its place is not led on, once promoted it is (H5)") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  site.postgres().stop();
  std::ofstream(site.postgres().socket_directory() + "/data/standby.signal").flush();
  site.postgres().start();
  REQUIRE(eventually([&] { return detail(site).find("is a standby") != std::string::npos; }));
  CHECK_FALSE(leads(site));
  site.postgres().sql("SELECT pg_promote()");
  REQUIRE(eventually([&] { return leads(site); }));
  CHECK(site.postgres().sql("SELECT pg_walfile_name(pg_current_wal_lsn()) LIKE '00000002%'") ==
        "t");
  CHECK(bar(site) == "none");
  site.inject(0, 32);
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  CHECK(site.allowed("monthly_report"));
}

}  // namespace homeostat::testing
