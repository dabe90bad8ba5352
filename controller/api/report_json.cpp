// SPDX-License-Identifier: Apache-2.0
#include "controller/api/report_json.hpp"

#include <nlohmann/json.hpp>

#include "policies/model/codec.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

std::int64_t us(WallTime time) { return time.time_since_epoch().count(); }

template <class Values>
json array_of(const Values& values) {
  auto array = json::array();
  for (const auto& value : values) array.push_back(to_json(value));
  return array;
}

json notes(const Report& report) {
  auto array = json::array();
  for (const auto& note : report.notes) {
    array.push_back({{"subject", to_text(note.subject)}, {"key", note.key}, {"text", note.text}});
  }
  return array;
}

json probes(const Report& report) {
  auto array = json::array();
  for (const auto& probe : report.probes) {
    array.push_back({{"probe", probe.probe},
                     {"subject", to_text(probe.subject)},
                     {"up", probe.up},
                     {"error", probe.error}});
  }
  return array;
}

json pauses(const Report& report) {
  auto array = json::array();
  for (const auto& pause : report.pauses) {
    array.push_back({{"scope", pause.scope},
                     {"owner", pause.owner},
                     {"reason", pause.reason},
                     {"stood_us", pause.stood.count()},
                     {"remaining_us", pause.remaining.count()}});
  }
  return array;
}

json levers(const Report& report) {
  auto array = json::array();
  for (const auto& open : report.levers) {
    array.push_back({{"lever", open.row.key.lever},
                     {"target", open.row.key.target},
                     {"value", to_json(open.row.value)},
                     {"prior", to_json(open.row.prior)},
                     {"policy", open.row.policy},
                     {"subject", to_text(open.row.subject)},
                     {"rung", open.row.rung},
                     {"policy_hash", open.row.policy_hash},
                     {"remaining_us", open.row.remaining.count()},
                     {"epoch", open.row.token.epoch},
                     {"sequence", open.row.token.sequence},
                     {"drifted", open.drifted},
                     {"held", open.held},
                     {"failing_us", open.failing.count()},
                     {"overdue_us", open.overdue.count()},
                     {"last_error", open.last_error}});
  }
  return array;
}

json refused(const Report& report) {
  auto array = json::array();
  for (const auto& one : report.refused) {
    array.push_back({{"lever", one.key.lever},
                     {"target", one.key.target},
                     {"policy", one.policy},
                     {"failing_us", one.failing.count()},
                     {"tries", one.tries},
                     {"why", one.why}});
  }
  return array;
}

json alerts(const Report& report) {
  auto array = json::array();
  for (const auto& alert : report.alerts) {
    array.push_back({{"labels", alert.labels},
                     {"annotations", alert.annotations},
                     {"starts_us", us(alert.starts)}});
  }
  return array;
}

json acts(const Report& report) {
  auto array = json::array();
  for (const auto& [key, count] : report.acts) {
    const auto& [policy, lever, outcome] = key;
    array.push_back({{"policy", policy}, {"lever", lever}, {"outcome", outcome}, {"count", count}});
  }
  return array;
}

json effects(const Report& report) {
  auto array = json::array();
  for (const auto& [key, count] : report.effects) {
    array.push_back({{"policy", key.first}, {"outcome", key.second}, {"count", count}});
  }
  return array;
}

json benched(const Report& report) {
  auto array = json::array();
  for (const auto& one : report.benched) {
    array.push_back({{"policy", one.policy},
                     {"subject", to_text(one.subject)},
                     {"rung", one.rung},
                     {"lever", one.key.lever},
                     {"target", one.key.target},
                     {"tries", one.tries},
                     {"harmful", one.harmful},
                     {"left_us", one.left.count()}});
  }
  return array;
}

json canaries(const Report& report) {
  auto array = json::array();
  for (const auto& one : report.canaries) {
    array.push_back({{"policy", one.policy},
                     {"share", one.share},
                     {"demoted", one.memory.demoted},
                     {"for_us", (report.at - one.memory.since).count()},
                     {"passed", one.memory.passed},
                     {"failed", one.memory.failed},
                     {"harmful", one.memory.harmful}});
  }
  return array;
}

json overruled(const Report& report) {
  auto array = json::array();
  for (const auto& one : report.overruled) {
    array.push_back({{"lever", one.lever},
                     {"target", one.target},
                     {"policy", one.policy},
                     {"subject", to_text(one.subject)},
                     {"rung", one.rung},
                     {"by", one.by},
                     {"why", to_text(one.why)}});
  }
  return array;
}

json would_acts(const Report& report) {
  auto array = json::array();
  for (const auto& [key, count] : report.would_acts) {
    array.push_back({{"policy", key.first}, {"lever", key.second}, {"count", count}});
  }
  return array;
}

}  // namespace

json to_json(const BatchWindow& window) {
  return {{"group", window.group},
          {"window_ms", window.window_ms},
          {"drain_limit", window.drain_limit},
          {"epoch", window.epoch},
          {"expires_at_ms", us(window.expires) / 1000},
          {"reason", window.reason}};
}

json to_json(const Report& report) {
  json out;
  out["version"] = report.version;
  out["instance"] = report.instance;
  out["endpoint"] = report.endpoint;
  out["started_us"] = us(report.started);
  out["wall_us"] = us(report.wall);
  out["at_us"] = report.at.time_since_epoch().count();
  out["last_tick_us"] = us(report.last_tick);
  out["ticks"] = report.ticks;
  out["ticks_skipped"] = report.ticks_skipped;
  out["steps_skipped"] = report.steps_skipped;
  out["tick_us"] = report.tick.count();
  out["step_every_us"] = report.step_every.count();
  out["mode_ceiling"] = to_text(report.mode_ceiling);
  out["ledger_configured"] = report.ledger_configured;
  out["leader"] = report.leader;
  out["epoch"] = report.epoch;
  out["lease_holder"] = report.lease_holder;
  out["leaderless"] = report.leaderless;
  out["bar"] = to_text(report.bar);
  out["bar_detail"] = report.bar_detail;
  out["barred_for_us"] = report.barred_for.count();
  out["pauses"] = pauses(report);
  out["reload_ok"] = report.reload_ok;
  out["reload_error"] = report.reload_error;
  out["journal_usable"] = report.journal_usable;
  out["samples"] = array_of(report.samples);
  out["notes"] = notes(report);
  out["probes"] = probes(report);
  out["policies"] = array_of(report.policies);
  out["verdicts"] = array_of(report.verdicts);
  out["desired"] = array_of(report.desired);
  out["would"] = array_of(report.would);
  out["levers"] = levers(report);
  out["refused"] = refused(report);
  out["alerts"] = alerts(report);
  out["acts"] = acts(report);
  out["would_acts"] = would_acts(report);
  out["effects"] = effects(report);
  out["benched"] = benched(report);
  out["canaries"] = canaries(report);
  out["overruled"] = overruled(report);
  out["batch_windows"] = array_of(report.batch_windows);
  out["budget_remaining"] = report.budget_remaining;
  out["amounts_remaining"] = report.amounts_remaining;
  out["stale_sessions"] = report.stale_sessions;
  out["feature_share"] = report.feature_share;
  out["notify_failures"] = report.notify_failures;
  return out;
}

}  // namespace homeostat
