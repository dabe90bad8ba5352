// SPDX-License-Identifier: Apache-2.0
#include "controller/api/metrics.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include "tests/controller/api/reports.hpp"

namespace homeostat {
namespace {

using namespace testing;

/// The exposition format 0.0.4, read strictly: what Prometheus would refuse fails the test.
struct Exposition {
  explicit Exposition(const std::string& text) {
    REQUIRE(text.ends_with('\n'));
    std::istringstream lines(text);
    std::string line;
    std::string family;
    while (std::getline(lines, line)) {
      CAPTURE(line);
      if (line.starts_with("# HELP ")) continue;
      if (line.starts_with("# TYPE ")) {
        std::istringstream words(line.substr(7));
        std::string type;
        words >> family >> type;
        const bool once = types.emplace(family, type).second;
        REQUIRE(once);
        continue;
      }
      static const std::regex kSample(
          R"(([a-z_][a-z0-9_]*)(\{[a-z_]+="([^"\\]|\\.)*"(,[a-z_]+="([^"\\]|\\.)*")*\})? (\S+))");
      std::smatch parts;
      REQUIRE(std::regex_match(line, parts, kSample));
      REQUIRE(parts[1] == family);  // all series of a family stand together
      const bool once = values.emplace(parts[1].str() + parts[2].str(), std::stod(parts[6])).second;
      REQUIRE(once);
    }
  }
  double at(const std::string& series) const {
    CAPTURE(series);
    REQUIRE(values.contains(series));
    return values.at(series);
  }
  std::map<std::string, double> values;
  std::map<std::string, std::string> types;
};

Exposition exposed(const Report& report) { return Exposition(metrics_text(report, {})); }

}  // namespace

TEST_CASE("every metric that operators look for is there under its name") {
  const auto metrics = exposed(full_report());
  REQUIRE(metrics.at("homeostat_leader{target=\"cluster\"}") == 1);
  REQUIRE(metrics.at("homeostat_epoch{target=\"cluster\"}") == 7);
  REQUIRE(metrics.at("homeostat_last_tick_timestamp_seconds") == 1990);
  REQUIRE(metrics.at("homeostat_ticks_skipped_total") == 2);
  REQUIRE(metrics.at("homeostat_steps_skipped_total") == 9);
  REQUIRE(metrics.at("homeostat_config_last_reload_successful") == 1);
  REQUIRE(metrics.at("homeostat_build_info{version=\"0.1.0\"}") == 1);
  REQUIRE(metrics.at("homeostat_ledger_open{lever=\"feature\"}") == 1);
  REQUIRE(metrics.at("homeostat_revert_overdue_seconds{lever=\"feature\"}") == 5);
  REQUIRE(metrics.at("homeostat_lever_drift{lever=\"feature\",target=\"class/batch\"}") == 0);
  REQUIRE(metrics.at("homeostat_budget_remaining{budget=\"cluster\"}") == 9);
  REQUIRE(metrics.at("homeostat_budget_remaining{budget=\"sessions\"}") == 13);
  REQUIRE(metrics.at("homeostat_budget_remaining{budget=\"bytes\"}") == 250e9);
  REQUIRE(metrics.at("homeostat_feature_share{feature=\"monthly_report\"}") == 0);
  REQUIRE(metrics.at("homeostat_stale_sessions{role=\"reporting\"}") == 3);
  REQUIRE(metrics.at("homeostat_notify_failures_total{instance=\"http://127.0.0.1:9093\"}") == 6);
  REQUIRE(metrics.at("homeostat_acts_total{policy=\"circuit-breaker\",lever=\"feature\","
                     "outcome=\"applied\"}") == 3);
  REQUIRE(metrics.at("homeostat_effects_total{policy=\"circuit-breaker\","
                     "outcome=\"ineffective\"}") == 2);
  REQUIRE(metrics.at("homeostat_benched_seconds{policy=\"circuit-breaker\",subject=\"cluster\","
                     "rung=\"1\"}") == 600);
  REQUIRE(metrics.at("homeostat_would_act_total{policy=\"lock-contention\","
                     "lever=\"planner_profile\"}") == 4);
  REQUIRE(metrics.at("homeostat_gate_margin{policy=\"circuit-breaker\",subject=\"cluster\","
                     "gate=\"trip\",arm=\"0\"}") == 0.5);
  REQUIRE(metrics.at("homeostat_gate_margin{policy=\"circuit-breaker\",subject=\"cluster\","
                     "gate=\"policy_budget\"}") == 4);
}

TEST_CASE("a state set has one series a state and exactly one of them is 1") {
  auto report = full_report();
  report.bar = GENERATE(from_range(kForwardBars.begin(), kForwardBars.end()));
  const auto metrics = exposed(report);
  const std::string who = "homeostat_policy_state{policy=\"circuit-breaker\",subject=\"cluster\",";
  REQUIRE(metrics.at(who + "state=\"closed\"}") == 0);
  REQUIRE(metrics.at(who + "state=\"open\"}") == 1);
  REQUIRE(metrics.at(who + "state=\"half_open\"}") == 0);
  const std::string mode = "homeostat_policy_mode{policy=\"circuit-breaker\",mode=";
  REQUIRE(metrics.at(mode + "\"off\"}") == 0);
  REQUIRE(metrics.at(mode + "\"shadow\"}") == 0);
  REQUIRE(metrics.at(mode + "\"canary\"}") == 0);
  REQUIRE(metrics.at(mode + "\"enforce\"}") == 1);
  double bars = 0;
  for (const auto& [series, value] : metrics.values) {
    if (series.starts_with("homeostat_forward_bar{")) bars += value;
  }
  REQUIRE(bars == 1);
}

TEST_CASE("a signal has its own name, and unknown is not zero") {
  const auto metrics = exposed(full_report());
  REQUIRE(metrics.at("homeostat_pg_blocked_ratio{subject=\"node/main\"}") == 0.25);
  REQUIRE(metrics.at("homeostat_pg_deadlocks_total{subject=\"node/main\"}") == 12);
  REQUIRE(metrics.types.at("homeostat_pg_deadlocks_total") == "counter");
  REQUIRE(metrics.types.at("homeostat_pg_blocked_ratio") == "gauge");
  REQUIRE(metrics.at("homeostat_probe_up{subject=\"node/spare\"}") == 0);
  REQUIRE_FALSE(metrics.values.contains("homeostat_pg_blocked_ratio{subject=\"node/spare\"}"));
  REQUIRE(metrics.at("homeostat_signal_unknown{signal=\"pg_blocked_ratio\",subject=\"node/spare\","
                     "reason=\"timeout\"}") == 1);
}

TEST_CASE("details have labels of their own, and cannot pass for a metric of ours") {
  auto report = full_report();
  const Subject counts{SubjectKind::group, "counts"};
  report.details.push_back({counts, "kafka_topic_lag_events", {{"topic", "plays"}}, 3});
  report.details.push_back({counts, "kafka_topic_lag_events", {{"topic", "a\"d"}}, 4});
  report.details.push_back({counts, "leader", {}, 9});
  const auto metrics = exposed(report);
  const std::string lag = "homeostat_kafka_topic_lag_events{subject=\"group/counts\",topic=";
  REQUIRE(metrics.at(lag + "\"plays\"}") == 3);
  REQUIRE(metrics.at(lag + "\"a\\\"d\"}") == 4);
  REQUIRE_FALSE(metrics.values.contains("homeostat_leader{subject=\"group/counts\"}"));
}

TEST_CASE("an empty reading has no value and is not unknown either") {
  const auto text = metrics_text(full_report(), {});
  REQUIRE(text.find("pg_idle_ratio") == std::string::npos);
}

TEST_CASE("the age is that of the newest reading, which probe_up does not count for") {
  const auto metrics = exposed(full_report());
  REQUIRE(metrics.at("homeostat_sample_age_seconds{probe=\"pg_locks\",subject=\"node/main\"}") ==
          1);
  REQUIRE_FALSE(metrics.values.contains(
      "homeostat_sample_age_seconds{probe=\"pg_locks\",subject=\"node/spare\"}"));
}

TEST_CASE("the process's own figures have the standard names") {
  const auto usage = process_usage();
  REQUIRE(usage.has_value());
  REQUIRE(usage->resident_bytes > 1e6);
  REQUIRE(usage->cpu_seconds > 0);
  REQUIRE(usage->open_fds >= 1);
  REQUIRE(usage->max_fds >= usage->open_fds);
  const Exposition metrics(metrics_text(full_report(), usage));
  REQUIRE(metrics.at("process_start_time_seconds") == 1000);
  REQUIRE(metrics.types.at("process_cpu_seconds_total") == "counter");
  for (const std::string name :
       {"process_cpu_seconds_total", "process_resident_memory_bytes",
        "process_virtual_memory_bytes", "process_open_fds", "process_max_fds"}) {
    REQUIRE(metrics.at(name) > 0);
  }
}

TEST_CASE("names follow the conventions: prefix, base units, _total on counters only") {
  const auto metrics = exposed(full_report());
  for (const auto& [name, type] : metrics.types) {
    CAPTURE(name);
    REQUIRE(name.starts_with("homeostat_"));
    REQUIRE(name.ends_with("_total") == (type == "counter"));
    REQUIRE(name.find("_ms") == std::string::npos);
    REQUIRE(name.find("_percent") == std::string::npos);
  }
}

TEST_CASE("names from outside cannot break the format or pass for our own metrics") {
  auto report = full_report();
  report.feature_share["a\"b\\c\nd"] = 0.5;
  report.samples.push_back(gauge("leader", kMain, 9, report.at));
  report.samples.push_back(gauge("signal_unknown", kMain, 9, report.at));
  report.samples.push_back(gauge("bad name", kMain, 9, report.at));
  report.samples.push_back(gauge("new_signal", kMain, 3, report.at));
  report.samples.push_back(gauge("new_signal", kMain, 4, report.at));  // twice, first one counts
  const auto metrics = exposed(report);
  REQUIRE(metrics.at("homeostat_feature_share{feature=\"a\\\"b\\\\c\\nd\"}") == 0.5);
  REQUIRE(metrics.at("homeostat_leader{target=\"cluster\"}") == 1);
  REQUIRE_FALSE(metrics.values.contains("homeostat_leader{subject=\"node/main\"}"));
  REQUIRE_FALSE(metrics.values.contains("homeostat_signal_unknown{subject=\"node/main\"}"));
  REQUIRE(metrics.at("homeostat_new_signal{subject=\"node/main\"}") == 3);
}

TEST_CASE("a report of a daemon that knows nothing yet is well formed") {
  const auto metrics = exposed(Report{});
  REQUIRE(metrics.at("homeostat_leader{target=\"cluster\"}") == 0);
}

}  // namespace homeostat
