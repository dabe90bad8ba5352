// SPDX-License-Identifier: Apache-2.0
// The disk under the journal of a running daemon is full.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/small_disk.hpp"

namespace homeostat::testing {
namespace {

auto alerts(const Site& site, const std::string& name) {
  const auto status = site.status();
  const auto& all = status.at("alerts");
  return std::count_if(all.begin(), all.end(), [&](const nlohmann::json& alert) {
    return alert.at("labels").at("alertname") == name;
  });
}

std::string acts(Site& site) { return site.postgres().sql("SELECT count(*) FROM homeostat.act"); }

}  // namespace

TEST_CASE("full disk: no forward act, one alert, reverts go on, and so it does with room (H39)") {
  const SmallDisk disk(4);  // before the site: its daemon has files open there
  if (!disk.mounted()) {
    WARN("SKIPPED: this user may not mount a small filesystem");
    return;
  }
  Site site;
  site.journal_folder(disk.path());
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  REQUIRE(eventually([&] { return !site.allowed("monthly_report"); }));

  disk.fill();
  REQUIRE(eventually([&] { return site.status().at("bar") == "journal_unusable"; }));
  CHECK(alerts(site, "HomeostatJournalUnusable") == 1);
  site.inject(0, 32);
  REQUIRE(eventually([&] { return site.status().at("levers").empty(); }));
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.allowed("monthly_report"));

  const auto done = acts(site);
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.step() == "blocked"; }));
  CHECK(site.rung() == 0);
  CHECK(acts(site) == done);
  CHECK(site.allowed("top_tracks_view"));
  CHECK(site.status().at("leader") == true);

  disk.make_room();
  REQUIRE(eventually([&] { return site.rung() >= 1; }));
  CHECK_FALSE(site.allowed("top_tracks_view"));
  CHECK(alerts(site, "HomeostatJournalUnusable") == 0);
}

}  // namespace homeostat::testing
