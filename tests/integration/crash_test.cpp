// SPDX-License-Identifier: Apache-2.0
// kill -9 at the worst moments, successors, and nobody at all.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

std::string acts(Site& site, const std::string& kind) {
  return site.postgres().sql("SELECT count(*) FROM homeostat.act WHERE kind = '" + kind + "'");
}

}  // namespace

TEST_CASE(
    "crash: after kill -9 a restart holds the rung, applies nothing twice, gives back (H20)") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  REQUIRE(eventually([&] { return !site.allowed("monthly_report"); }));
  const auto applied = acts(site, "apply");
  site.daemon().signal(SIGKILL);
  REQUIRE(site.daemon().wait(std::chrono::seconds{10}));

  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.status(second).at("leader") == true; }));
  REQUIRE(eventually([&] { return site.rung(second) == 2; }));
  CHECK_FALSE(site.allowed("monthly_report"));
  CHECK_FALSE(site.allowed("top_tracks_view"));
  CHECK(acts(site, "apply") == applied);

  site.inject(0, 32);
  REQUIRE(eventually([&] { return site.state(second) == "closed"; }));
  REQUIRE(eventually([&] { return site.status(second).at("levers").empty(); }));
  CHECK(site.allowed("monthly_report"));
  CHECK(site.allowed("top_tracks_view"));
}

TEST_CASE("crash: with no restart, what was shed comes back by itself, in a ramp (H22, H61)") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  site.daemon().signal(SIGKILL);
  REQUIRE(site.daemon().wait(std::chrono::seconds{10}));

  const auto admitted = [&] {
    return std::stoi(
        site.postgres().sql("SELECT count(*) FROM generate_series(1, 1000) AS k"
                            " WHERE homeostat.allowed('top_tracks_view', k::text)"));
  };
  REQUIRE(eventually([&] { return admitted() > 0; }));
  CHECK(admitted() < 1000);  // a ramp of a minute, not all at once
  site.postgres().sql("UPDATE homeostat.admission SET expires_at = expires_at - interval '1 min'");
  CHECK(admitted() == 1000);
}

TEST_CASE("crash: a second daemon stands by, never acts, and leads when the first is gone (L1)") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return site.status(0).at("leader") == true; }));
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.status(second).at("bar") == "not_leader"; }));
  CHECK_FALSE(site.status(second).at("samples").empty());

  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung(0) >= 1; }));
  // It sees the same storm, and says what keeps it from acting.
  REQUIRE(eventually([&] { return site.step(second) == "blocked"; }));
  REQUIRE(eventually([&] { return site.rung(0) == 2; }));
  CHECK(site.rung(second) == 0);
  CHECK(site.postgres().sql("SELECT string_agg(DISTINCT holder, ' ') FROM homeostat.act") ==
        site.status(0).at("instance").get<std::string>());

  site.daemon(0).signal(SIGKILL);
  REQUIRE(site.daemon(0).wait(std::chrono::seconds{10}));
  REQUIRE(eventually([&] { return site.status(second).at("leader") == true; }));
  REQUIRE(eventually([&] { return site.rung(second) >= 1; }));
  CHECK_FALSE(site.allowed("top_tracks_view"));
}

TEST_CASE("crash: a frozen leader that wakes up after a takeover writes nothing (H32, S1)") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung(0) == 2; }));
  site.daemon(0).signal(SIGSTOP);
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.status(second).at("leader") == true; }));
  const auto epoch = site.postgres().sql("SELECT epoch FROM homeostat.lease");
  site.daemon(0).signal(SIGCONT);
  REQUIRE(eventually([&] { return site.status(0).at("leader") == false; }));
  CHECK(site.postgres().sql("SELECT epoch FROM homeostat.lease") == epoch);
  CHECK(site.postgres().sql(
            "SELECT count(*) FROM (SELECT epoch, lag(epoch) OVER (ORDER BY id) AS before"
            " FROM homeostat.act) a WHERE epoch < before") == "0");
}

}  // namespace homeostat::testing
