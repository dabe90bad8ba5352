// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/status_text.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/status_tables.hpp"
#include "controller/cli/text/table.hpp"
#include "controller/cli/text/zones_at_rest.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

std::string role(const json& report) {
  if (!report.at("ledger_configured").get<bool>()) return "no ledger: only watches";
  const auto epoch = std::to_string(report.at("epoch").get<std::int64_t>());
  if (report.at("leader").get<bool>()) return "leads (epoch " + epoch + ")";
  const auto holder = report.at("lease_holder").get<std::string>();
  return "stands by; leader: " + (holder.empty() ? "unknown" : holder);
}

std::string forward_acts(const json& report) {
  const auto name = report.at("bar").get<std::string>();
  const auto known = parse_forward_bar(name);
  if (known == ForwardBar::none) return "allowed";
  const auto detail = report.at("bar_detail").get<std::string>();
  return "BARRED: " + (known ? bar(*known) : name) + (detail.empty() ? "" : " (" + detail + ")");
}

std::string last_tick(const json& report) {
  const auto ticks = report.at("ticks").get<std::int64_t>();
  const auto skipped = report.at("ticks_skipped").get<std::int64_t>();
  const Duration age{report.at("wall_us").get<std::int64_t>() -
                     report.at("last_tick_us").get<std::int64_t>()};
  const auto when = ticks == 0 ? std::string("none yet") : duration(age) + " ago";
  return when + "; " + std::to_string(ticks) + " so far, " + std::to_string(skipped) + " skipped";
}

std::string head(const json& report, const ZoneCount& zones) {
  const WallTime wall{Duration{report.at("wall_us").get<std::int64_t>()}};
  const auto title = "Homeostat " + report.at("version").get<std::string>() + " on " +
                     report.at("instance").get<std::string>() + ", " + utc(wall) + "\n";
  std::vector<Row> rows{{"role", role(report)},
                        {"mode ceiling", report.at("mode_ceiling").get<std::string>()},
                        {"forward acts", forward_acts(report)},
                        {"last tick", last_tick(report)}};
  for (const auto& pause : report.at("pauses")) {
    const Duration left{pause.at("remaining_us").get<std::int64_t>()};
    rows.push_back({"paused", pause.at("scope").get<std::string>() + " by " +
                                  pause.at("owner").get<std::string>() + " for another " +
                                  duration(left) + ": " + pause.at("reason").get<std::string>()});
  }
  if (zones.hidden > 0) {
    rows.push_back({"zones", std::to_string(zones.hidden) + " of " + std::to_string(zones.all) +
                                 " at rest, not shown: homeostat status --all"});
  }
  if (!report.at("journal_usable").get<bool>()) rows.push_back({"journal", "CANNOT BE WRITTEN"});
  if (!report.at("reload_ok").get<bool>()) {
    rows.push_back({"last reload", "REFUSED: " + report.at("reload_error").get<std::string>()});
  }
  return printable(title.substr(0, title.size() - 1)) + "\n" + table(rows);
}

/// Who cannot see the ledger, or only stands by, does not know what stands.
std::string no_levers(const json& report) {
  if (!report.at("ledger_configured").get<bool>() || report.at("leader").get<bool>()) return "none";
  return "not known here: " + forward_acts(report);
}

std::string section(const std::string& title, const std::vector<Row>& rows,
                    const std::string& none) {
  if (rows.size() > 1) return "\n" + title + "\n" + table(rows);
  return none.empty() ? "" : "\n" + title + "\n  " + none + "\n";
}

std::string written(const json& report, const ZoneCount& zones) {
  std::string out = head(report, zones);
  out += section("Signals", signal_rows(report), "none yet");
  out += section("Policies", policy_rows(report), "none has been evaluated yet");
  out += section("Policies in canary", canary_rows(report), "");
  out += section("Levers away from their baseline", lever_rows(report), no_levers(report));
  out +=
      section("Levers that a policy wants away from it, and that refuse", refused_rows(report), "");
  out += section("Levers that more than one policy wants", overruled_rows(report), "");
  out += section("Sessions that began before their role's settings last changed",
                 stale_rows(report), "");
  out += section("What policies in shadow would do", would_rows(report), "");
  out += section("Alerts", alert_rows(report), "none");
  out += section("Probes", probe_rows(report), "none");
  out += section("Notes", note_rows(report), "");
  return out;
}

}  // namespace

Result<std::string> status(const json& report, Zones shown) {
  // Members are read with at() and get(), which throw what is caught here and only here.
  try {
    if (shown == Zones::all) return written(report, {});
    auto busy = report;
    const auto zones = hide_zones_at_rest(busy);
    return written(busy, zones);
  } catch (const json::exception& failure) {
    return Error{ErrorCode::protocol, std::string("this is no status: ") + failure.what()};
  }
}

}  // namespace homeostat::text
