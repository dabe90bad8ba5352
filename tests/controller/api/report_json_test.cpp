// SPDX-License-Identifier: Apache-2.0
#include "controller/api/report_json.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/controller/api/reports.hpp"

namespace homeostat {

using nlohmann::json;

TEST_CASE("every member of the report is in its JSON") {
  const auto out = to_json(testing::full_report());
  REQUIRE(out["version"] == "0.1.0");
  REQUIRE(out["instance"] == "host:1");
  REQUIRE(out["endpoint"] == "host:9780");
  REQUIRE(out["started_us"] == 1'000'000'000);
  REQUIRE(out["wall_us"] == 2'000'000'000);
  REQUIRE(out["at_us"] == 500'000'000);
  REQUIRE(out["last_tick_us"] == 1'990'000'000);
  REQUIRE(out["ticks"] == 33);
  REQUIRE(out["ticks_skipped"] == 2);
  REQUIRE(out["steps_skipped"] == 9);
  REQUIRE(out["tick_us"] == 30'000'000);
  REQUIRE(out["step_every_us"] == 1'000'000);
  REQUIRE(out["mode_ceiling"] == "enforce");
  REQUIRE(out["ledger_configured"] == true);
  REQUIRE(out["leader"] == true);
  REQUIRE(out["epoch"] == 7);
  REQUIRE(out["lease_holder"] == "");
  REQUIRE(out["leaderless"] == false);
  REQUIRE(out["bar"] == "none");
  REQUIRE(out["bar_detail"] == "");
  REQUIRE(out["barred_for_us"] == 4'000'000);
  REQUIRE(out["reload_ok"] == true);
  REQUIRE(out["reload_error"] == "");
  REQUIRE(out["journal_usable"] == true);
  REQUIRE(out["samples"].size() == 6);
  REQUIRE(out["samples"][4]["quality"] == "absent");
  REQUIRE(out["policies"][0]["name"] == "circuit-breaker");
  REQUIRE(out["verdicts"][0]["gates"].size() == 2);
  REQUIRE(out["desired"].empty());
  REQUIRE(out["would"].is_array());
  REQUIRE(out["budget_remaining"] == json{{"circuit-breaker", 5}, {"cluster", 9}});
  REQUIRE(out["amounts_remaining"] == json{{"sessions", 13}, {"bytes", 250'000'000'000}});
  REQUIRE(out["stale_sessions"] == json{{"reporting", 3}});
  REQUIRE(out["feature_share"] == json{{"checkout", 1.0}, {"monthly_report", 0.0}});
  REQUIRE(out["notify_failures"] == json{{"http://127.0.0.1:9093", 6}});
}

TEST_CASE("lists without a codec of their own have the shapes that the header says") {
  const auto out = to_json(testing::full_report());
  const json note = {
      {"subject", "node/main"}, {"key", "root_blocker"}, {"text", "pid 42 of role reporting"}};
  REQUIRE(out["notes"] == json::array({note}));
  const json probe = {
      {"probe", "pg_locks"}, {"subject", "node/spare"}, {"up", false}, {"error", "no answer"}};
  REQUIRE(out["probes"][1] == probe);
  const json lever = {{"lever", "feature"},
                      {"target", "class/batch"},
                      {"value", {{"admit", 0.0}}},
                      {"prior", json::object()},
                      {"policy", "circuit-breaker"},
                      {"subject", "cluster"},
                      {"rung", 1},
                      {"policy_hash", ""},
                      {"remaining_us", 90'000'000},
                      {"epoch", 7},
                      {"sequence", 3},
                      {"drifted", false},
                      {"held", false},
                      {"failing_us", 0},
                      {"overdue_us", 5'000'000},
                      {"last_error", ""}};
  REQUIRE(out["levers"] == json::array({lever}));
  REQUIRE(out["alerts"][0]["labels"]["severity"] == "page");
  REQUIRE(out["alerts"][0]["starts_us"] == 1'900'000'000);
  const json act = {
      {"policy", "circuit-breaker"}, {"lever", "feature"}, {"outcome", "applied"}, {"count", 3}};
  REQUIRE(out["acts"] == json::array({act}));
  const json would = {{"policy", "lock-contention"}, {"lever", "planner_profile"}, {"count", 4}};
  REQUIRE(out["would_acts"] == json::array({would}));
  const json effect = {{"policy", "circuit-breaker"}, {"outcome", "ineffective"}, {"count", 2}};
  REQUIRE(out["effects"] == json::array({effect}));
  const json benched = {{"policy", "circuit-breaker"},
                        {"subject", "cluster"},
                        {"rung", 1},
                        {"lever", "feature"},
                        {"target", "class/batch"},
                        {"tries", 2},
                        {"harmful", false},
                        {"left_us", 600'000'000}};
  REQUIRE(out["benched"] == json::array({benched}));
  const json window = {{"group", "play-counts"},     {"window_ms", 37.5},
                       {"drain_limit", 10'000},      {"epoch", 17},
                       {"expires_at_ms", 4'000'000}, {"reason", "batch-window: a test"}};
  REQUIRE(out["batch_windows"] == json::array({window}));
}

}  // namespace homeostat
