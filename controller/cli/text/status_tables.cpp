// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/status_tables.hpp"

#include <nlohmann/json.hpp>
#include <string>

#include "controller/cli/text/explain_text.hpp"
#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/job_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/regulator_text.hpp"
#include "policies/model/codec.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

std::string text_of(const json& in, const char* key) { return in.at(key).get<std::string>(); }

Duration us_of(const json& in, const char* key) { return Duration{in.at(key).get<std::int64_t>()}; }

/// A value from its codec, or `otherwise`: one odd row must not hide the table.
template <class Value>
Value decoded(Result<Value> result, Value otherwise) {
  return result.has_value() ? std::move(*result) : std::move(otherwise);
}

/// A profile has a setting for each of its roles: too many for a row. They are in the JSON.
std::string lever_value_of(const json& in) {
  constexpr std::size_t kMost = 2;
  const auto value = decoded(lever_value_from_json(in), LeverValue{});
  const auto settings = value.arguments.size();
  return settings > kMost ? std::to_string(settings) + " settings" : lever_value(value);
}

std::string reading(const Sample& sample) {
  if (sample.quality == Quality::absent) return "unknown: " + absence(sample.reason);
  if (sample.quality == Quality::empty) return "idle (0 of 0)";
  const auto value = value_of(sample);
  const auto out = of_signal(sample.signal, value.value_or(0));
  if (!sample.signal.ends_with("_ratio")) return out;
  return out + " (" + number(sample.numerator) + " of " + number(sample.denominator) + ")";
}

/// The thresholds that a policy's arm holds a signal against.
std::string threshold(const std::string& signal, const json& arm) {
  const auto& test = arm.at("test");
  const auto kind = text_of(test, "kind");
  if (kind == "cusum") return "cusum, ref " + of_signal(signal, test.at("ref").get<double>());
  if (kind == "trend") {
    return "rises by " + of_signal(signal, test.at("rises").get<double>()) + " in " +
           duration(us_of(test, "over_us"));
  }
  if (kind == "absence") return "absent for " + duration(us_of(test, "absent_for_us"));
  return text_of(test, "comparison") + " " + of_signal(signal, test.at("threshold").get<double>());
}

const json* policy_of(const json& report, const std::string& name) {
  for (const auto& policy : report.at("policies")) {
    if (text_of(policy, "name") == name) return &policy;
  }
  return nullptr;
}

/// How near the arm is, by the newest verdict that looked at `subject` or, through the whole
/// cluster, at all of them.
std::string nearness(const json& report, const std::string& policy, std::size_t arm,
                     const std::string& subject) {
  for (const auto& in : report.at("verdicts")) {
    const auto about = text_of(in, "subject");
    if (text_of(in, "policy") != policy || (about != subject && about != "cluster")) continue;
    const auto verdict = verdict_from_json(in);
    if (!verdict.has_value() || arm >= verdict->evidence.size()) continue;
    for (const auto& gate : verdict->gates) {
      const bool decides = gate.kind == GateKind::trip || gate.kind == GateKind::rise ||
                           gate.kind == GateKind::absent_for;
      if (!decides || gate.arm != static_cast<int>(arm)) continue;
      if (!verdict->evidence[arm].cusum) return gate.passed ? ", BREACHED" : "";
      return ", S " + two_decimals(gate.value) + " of " + two_decimals(gate.threshold) +
             (verdict->evidence[arm].tripped ? ", TRIPPED" : "");
    }
  }
  return "";
}

std::string thresholds(const json& report, const Sample& sample) {
  std::string out;
  for (const auto& policy : report.at("policies")) {
    const auto name = text_of(policy, "name");
    const auto& arms = policy.at("open").at("arms");
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
      if (text_of(arms[arm], "signal") != sample.signal) continue;
      out += (out.empty() ? "" : "; ") + threshold(sample.signal, arms[arm]) +
             nearness(report, name, arm, to_text(sample.subject)) + " (" + name + ")";
    }
  }
  return out;
}

std::string state_of(const Verdict& verdict) {
  if (verdict.kind == PolicyKind::regulator) return regulator_state(verdict);
  if (verdict.kind == PolicyKind::job) return job_state(verdict);
  if (verdict.kind != PolicyKind::alert) return std::string(to_text(verdict.state));
  return verdict.state == BreakerState::closed ? "quiet" : "FIRING";
}

}  // namespace

std::vector<Row> signal_rows(const json& report) {
  std::vector<Row> rows{{"SIGNAL", "SUBJECT", "VALUE", "AGE", "THRESHOLD"}};
  const TimePoint now{us_of(report, "at_us")};
  for (const auto& in : report.at("samples")) {
    const auto sample = sample_from_json(in);
    if (!sample.has_value()) continue;
    rows.push_back({sample->signal, to_text(sample->subject), reading(*sample),
                    duration(now - sample->taken), thresholds(report, *sample)});
  }
  return rows;
}

std::vector<Row> policy_rows(const json& report) {
  std::vector<Row> rows{{"POLICY", "SUBJECT", "MODE", "STATE", "RUNG", "LAST EVALUATION"}};
  for (const auto& in : report.at("verdicts")) {
    const auto verdict = verdict_from_json(in);
    if (!verdict.has_value()) continue;
    const auto* policy = policy_of(report, verdict->policy);
    const bool ladder = verdict->rungs > 0 && verdict->kind != PolicyKind::job;
    rows.push_back(
        {verdict->policy, to_text(verdict->subject), std::string(to_text(verdict->mode)),
         state_of(*verdict),
         ladder ? std::to_string(verdict->rung) + "/" + std::to_string(verdict->rungs) : "-",
         reason(*verdict, policy != nullptr ? *policy : json())});
  }
  return rows;
}

std::vector<Row> lever_rows(const json& report) {
  std::vector<Row> rows{{"LEVER", "STANDS AT", "POLICY", "RUNG", "EXPIRES IN", ""}};
  for (const auto& open : report.at("levers")) {
    const auto overdue = us_of(open, "overdue_us");
    auto remark = text_of(open, "last_error");
    if (open.at("held").get<bool>()) remark = "kept until every breaker is closed";
    if (open.at("drifted").get<bool>() && remark.empty()) remark = "somebody else has written it";
    rows.push_back({lever_key({text_of(open, "lever"), text_of(open, "target")}),
                    lever_value_of(open.at("value")), text_of(open, "policy"),
                    std::to_string(open.at("rung").get<int>()),
                    overdue > Duration::zero() ? "OVERDUE by " + duration(overdue)
                                               : duration(us_of(open, "remaining_us")),
                    remark});
  }
  return rows;
}

std::vector<Row> refused_rows(const json& report) {
  std::vector<Row> rows{{"LEVER", "POLICY", "FOR", "TRIES", "WHY"}};
  for (const auto& one : report.value("refused", json::array())) {  // an older daemon has none
    rows.push_back({lever_key({text_of(one, "lever"), text_of(one, "target")}),
                    text_of(one, "policy"), duration(us_of(one, "failing_us")),
                    std::to_string(one.at("tries").get<int>()), text_of(one, "why")});
  }
  return rows;
}

std::vector<Row> stale_rows(const json& report) {
  std::vector<Row> rows{{"ROLE", "SESSIONS"}};
  for (const auto& [role, sessions] : report.at("stale_sessions").items()) {
    if (sessions > 0) rows.push_back({role, std::to_string(sessions.get<int>())});
  }
  return rows;
}

std::vector<Row> canary_rows(const json& report) {
  std::vector<Row> rows{{"POLICY", "ACTS ON", "FOR", "ACTS JUDGED"}};
  for (const auto& one : report.at("canaries")) {
    const bool waits = one.at("demoted").get<bool>();
    rows.push_back(
        {text_of(one, "policy"),
         waits ? "NOTHING: waits for homeostat ack" : share(one.at("share").get<double>()),
         duration(us_of(one, "for_us")),
         std::to_string(one.at("passed").get<int>()) + " right, " +
             std::to_string(one.at("failed").get<int>()) + " needless or ineffective, " +
             std::to_string(one.at("harmful").get<int>()) + " harmful"});
  }
  return rows;
}

std::vector<Row> overruled_rows(const json& report) {
  std::vector<Row> rows{{"LEVER", "WANTED BY", "GOT BY", "BECAUSE"}};
  for (const auto& one : report.at("overruled")) {
    const auto why = text_of(one, "why");
    rows.push_back({lever_key({text_of(one, "lever"), text_of(one, "target")}),
                    text_of(one, "policy") + " on " + text_of(one, "subject"), text_of(one, "by"),
                    why == "admits_less" ? "it admits less"
                    : why == "priority"  ? "its priority is higher"
                                         : "of two alike the first by name"});
  }
  return rows;
}

std::vector<Row> would_rows(const json& report) {
  std::vector<Row> rows{{"LEVER", "WOULD STAND AT", "POLICY", "REASON"}};
  for (const auto& would : report.at("would")) {
    rows.push_back({lever_key({text_of(would, "lever"), text_of(would, "target")}),
                    lever_value_of(would.at("value")), text_of(would, "policy"),
                    text_of(would, "reason")});
  }
  return rows;
}

std::vector<Row> alert_rows(const json& report) {
  std::vector<Row> rows{{"ALERT", "SEVERITY", "SINCE", "SUMMARY"}};
  for (const auto& alert : report.at("alerts")) {
    const auto& labels = alert.at("labels");
    // Always firing, so that its silence is noticed: nothing to tell here.
    if (labels.value("alertname", "") == "HomeostatWatchdog") continue;
    rows.push_back({labels.value("alertname", ""), labels.value("severity", ""),
                    utc(WallTime{us_of(alert, "starts_us")}),
                    alert.at("annotations").value("summary", "")});
  }
  return rows;
}

std::vector<Row> probe_rows(const json& report) {
  std::vector<Row> rows{{"PROBE", "SUBJECT", ""}};
  for (const auto& probe : report.at("probes")) {
    const bool up = probe.at("up").get<bool>();
    rows.push_back({text_of(probe, "probe"), text_of(probe, "subject"),
                    up ? "up" : "DOWN: " + text_of(probe, "error")});
  }
  return rows;
}

std::vector<Row> note_rows(const json& report) {
  std::vector<Row> rows{{"ABOUT", "NOTE", ""}};
  for (const auto& note : report.at("notes")) {
    rows.push_back({text_of(note, "subject"), text_of(note, "key"), text_of(note, "text")});
  }
  return rows;
}

}  // namespace homeostat::text
