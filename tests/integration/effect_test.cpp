// SPDX-License-Identifier: Apache-2.0
// Acts that move nothing, or do harm, on a real PostgreSQL: nobody asks for the features that are
// shed, and the samples are injected.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

/// Each act is judged before the next rung is climbed. Twenty times faster here: a bench of two
/// minutes, then of four.
constexpr const char* kPolicies = R"(version: 1
policy: circuit-breaker
kind: breaker
mode: enforce
open: {signal: pg_blocked_ratio, cusum: {ref: 0.20, trip: 1}, clear_below: 0.15}
ladder:
  - {lever: feature, target: class/rebuildable, admit: 0%}
  - {lever: feature, target: class/batch, admit: 0%}
climb_after: 80s
expect: {signal: pg_blocked_ratio, falls_by: 20%, within: 60s}
bench: {first: 2m, factor: 2, max: 4h, tries: 2}
limits: {per_hour: 100}
)";

/// How often acts of a rung were judged so.
int judged(const Site& site, int rung, const char* outcome, int daemon = 0) {
  const auto body = site.get("/v1/effects?policy=circuit-breaker", daemon);
  if (!body) return 0;
  int found = 0;
  const auto answer = nlohmann::json::parse(*body);
  for (const auto& record : answer.at("effects")) {
    const auto& effect = record.at("effect");
    found += effect.at("rung") == rung && effect.at("outcome") == outcome ? 1 : 0;
  }
  return found;
}

/// The rung as the status has it among those benched; null when it is not.
nlohmann::json benched(const Site& site, int rung, int daemon = 0) {
  const auto status = site.status(daemon);
  for (const auto& one : status.at("benched")) {
    if (one.at("rung") == rung) return one;
  }
  return nullptr;
}

/// Ends a daemon and tells its journal again: `replay --json`.
nlohmann::json ended_and_replayed(Site& site, int daemon) {
  site.daemon(daemon).signal(SIGTERM);
  REQUIRE(site.daemon(daemon).wait(std::chrono::seconds{60}) == 0);
  const auto done = site.homeostat(
      {"replay", site.journal_path(daemon), "--config", site.config_path(daemon), "--json"});
  INFO(done.output);
  REQUIRE(done.status == 0);
  return nlohmann::json::parse(done.output);
}

}  // namespace

TEST_CASE("effect: a lever wired to do nothing is benched, passed over, and so after a restart") {
  Site site;
  site.configure("on_exit: keep");
  site.write_policies(kPolicies);
  const int first = site.start_daemon();
  REQUIRE(eventually([&] { return site.state(first) == "closed"; }));

  // The first try: nothing moves, so the rung is benched, and the ladder climbs past it.
  site.inject(24, 30);
  REQUIRE(eventually([&] { return judged(site, 1, "ineffective") == 1; }));
  REQUIRE(eventually([&] { return site.rung() == 2; }));
  CHECK_FALSE(site.allowed("top_tracks_view"));  // nothing is given back in the middle of a storm
  CHECK_FALSE(site.allowed("monthly_report"));
  site.inject(1, 30);
  REQUIRE(eventually([&] { return site.state() == "closed"; }));

  // The second, once that bench is over: the last, and the longest bench.
  REQUIRE(eventually([&] { return benched(site, 1).is_null(); }));
  site.inject(24, 30);
  REQUIRE(eventually([&] { return judged(site, 1, "ineffective") == 2; }));
  const auto long_bench = benched(site, 1);
  CHECK(long_bench.at("tries") == 2);
  CHECK(long_bench.at("target") == "class/rebuildable");
  CHECK(long_bench.at("left_us") > 600'000'000);
  const auto explained =
      site.homeostat({"explain", "circuit-breaker", "--server", site.url(first)});
  CHECK_THAT(explained.output, Catch::Contains("pg_blocked_ratio 0.8 -> 0.8 in") &&
                                   Catch::Contains(": ineffective (promised: falls by 20 %)"));
  site.inject(1, 30);
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  CHECK(ended_and_replayed(site, first).at("differing_verdicts") == 0);

  // Another process knows, and sheds the next class at once.
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.state(second) == "closed"; }));
  REQUIRE(eventually([&] { return !benched(site, 1, second).is_null(); }));
  REQUIRE(eventually([&] { return benched(site, 2, second).is_null(); }));
  site.inject(24, 30);
  REQUIRE(eventually([&] { return site.rung(second) == 2; }));
  CHECK(site.allowed("top_tracks_view"));
  CHECK_FALSE(site.allowed("monthly_report"));
  const auto why = site.homeostat({"explain", "circuit-breaker", "--server", site.url(second)});
  CHECK_THAT(why.output, Catch::Contains("rung 1 is benched for another"));
  site.inject(1, 30);
  REQUIRE(eventually([&] { return site.state(second) == "closed"; }));
  CHECK(site.postgres().sql("SELECT tries FROM homeostat.policy_bench WHERE rung = 1") == "2");

  // What the second took over from the ledger is in its journal: it opened with the second rung.
  const auto told = ended_and_replayed(site, second);
  CHECK(told.at("differing_verdicts") == 0);
  CHECK(told.at("actions").at(0).at("replayed").at("step") == "opened");
  CHECK(told.at("actions").at(0).at("replayed").at("rung") == 2);
}

TEST_CASE("effect: an act that did harm is given back in the storm, and replay tells so") {
  Site site;
  site.configure("on_exit: keep");
  site.write_policies(kPolicies);
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  site.inject(15, 30);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  site.inject(29, 30);
  REQUIRE(eventually([&] { return judged(site, 1, "harmful") == 1; }));
  REQUIRE(eventually([&] { return site.allowed("top_tracks_view"); }));
  CHECK(benched(site, 1).at("harmful") == true);

  const auto told = ended_and_replayed(site, 0);
  CHECK(told.at("differing_verdicts") == 0);
  const auto& given_back = told.at("actions").at(1).at("replayed");
  CHECK(given_back.at("harmful") == true);
  CHECK(given_back.at("rung") == 1);
}

}  // namespace homeostat::testing
