// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/explain_text.hpp"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include "controller/cli/text/effect_text.hpp"
#include "controller/cli/text/explain_next.hpp"
#include "controller/cli/text/gate_text.hpp"
#include "controller/cli/text/job_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/text/regulator_text.hpp"
#include "controller/cli/text/table.hpp"
#include "policies/model/codec.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

std::string joined(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

/// Gates of an arm say whether the condition holds or is over; the others guard an act.
bool asks_for_a_trip(GateKind kind) {
  return kind == GateKind::trip || kind == GateKind::backstop || kind == GateKind::rise ||
         kind == GateKind::window || kind == GateKind::absent_for || kind == GateKind::not_clear ||
         kind == GateKind::dwell || kind == GateKind::max_open;
}

bool asks_to_restore(GateKind kind) {
  return kind == GateKind::clear || kind == GateKind::clear_for || kind == GateKind::hold ||
         kind == GateKind::healthy_for;
}

bool asks_to_climb(GateKind kind) {
  return kind == GateKind::climb_after || kind == GateKind::climb_above;
}

/// S and the long mean are alternatives: when one is enough, which is when `not_clear` is asked,
/// what the other lacks holds nothing back. A rung that is benched bars nobody while there is
/// another one to climb to.
bool moot(const Verdict& verdict, const Gate& gate) {
  if (gate.kind == GateKind::benched) {
    return std::any_of(verdict.gates.begin(), verdict.gates.end(), [](const Gate& other) {
      return other.kind == GateKind::rungs && other.passed;
    });
  }
  if (gate.kind != GateKind::trip && gate.kind != GateKind::backstop) return false;
  return std::any_of(verdict.gates.begin(), verdict.gates.end(), [&gate](const Gate& other) {
    return other.arm == gate.arm && other.kind == GateKind::not_clear;
  });
}

std::vector<std::string> failed(const Verdict& verdict, const json& policy,
                                const std::function<bool(GateKind)>& wanted) {
  std::vector<std::string> out;
  for (const auto& one : verdict.gates) {
    if (!one.passed && wanted(one.kind) && !moot(verdict, one))
      out.push_back(gate(verdict, one, policy));
  }
  return out;
}

/// "3 of 40 = 0.075", or the value of what is no ratio.
std::string measured(const Evidence& evidence) {
  if (evidence.quality == Quality::absent) return "unknown: " + absence(evidence.reason);
  if (evidence.quality == Quality::empty) return "idle: 0 of 0";
  const bool is_ratio = evidence.signal.ends_with("_ratio") || evidence.denominator != 1;
  if (!is_ratio) return of_signal(evidence.signal, evidence.numerator);
  return number(evidence.numerator) + " of " + number(evidence.denominator) + " = " +
         number(evidence.numerator / evidence.denominator);
}

std::string judged(const Evidence& evidence) {
  std::vector<std::string> parts;
  if (evidence.judged) {
    const char* what = evidence.cusum ? "folded " : "judged ";
    parts.push_back(what + of_signal(evidence.signal, *evidence.judged));
  }
  if (evidence.cusum) parts.push_back("S " + two_decimals(*evidence.cusum));
  if (evidence.rise) parts.push_back("rise " + of_signal(evidence.signal, *evidence.rise));
  if (evidence.backstop) parts.push_back("long mean " + number(*evidence.backstop));
  return joined(parts);
}

std::string standing(const Evidence& evidence) {
  if (evidence.tripped) return "tripped";
  if (evidence.quality == Quality::absent) return "held";
  return evidence.clear ? "clear" : "neither tripped nor clear";
}

std::string what_tripped(const Verdict& verdict) {
  std::vector<std::string> parts;
  for (const auto& evidence : verdict.evidence) {
    if (!evidence.tripped) continue;
    const auto detail = judged(evidence);
    parts.push_back(evidence.signal + " " + measured(evidence) +
                    (detail.empty() ? "" : " (" + detail + ")"));
  }
  return parts.empty() ? "its condition held" : joined(parts);
}

std::string rung_of(const Verdict& verdict, int rung) {
  return "rung " + std::to_string(rung) + " of " + std::to_string(verdict.rungs);
}

std::string idle(const Verdict& verdict, const json& policy) {
  const auto short_of = failed(verdict, policy, asks_for_a_trip);
  if (!short_of.empty()) return "Nothing to do: " + joined(short_of) + ".";
  std::vector<std::string> readings;
  for (const auto& evidence : verdict.evidence) {
    readings.push_back(evidence.signal + " " + measured(evidence));
  }
  return "Nothing to do: " + (readings.empty() ? "its condition does not hold" : joined(readings)) +
         ".";
}

std::string blocked(const Verdict& verdict, const json& policy) {
  const auto guards = failed(verdict, policy, [](GateKind kind) {
    return !asks_for_a_trip(kind) && !asks_to_restore(kind) && !asks_to_climb(kind);
  });
  return "Would act, for " + what_tripped(verdict) +
         ", but may not: " + (guards.empty() ? "a gate says no" : joined(guards)) + ".";
}

std::string holding(const Verdict& verdict, const json& policy) {
  const bool tripped = failed(verdict, policy, asks_for_a_trip).empty();
  auto waits = failed(verdict, policy,
                      [](GateKind kind) { return asks_to_restore(kind) || asks_to_climb(kind); });
  if (waits.empty() && !tripped) waits = failed(verdict, policy, asks_for_a_trip);
  const bool tells = verdict.kind == PolicyKind::alert;
  auto head = tells ? std::string("Fires still") : "Holds " + rung_of(verdict, verdict.rung);
  if (!tells && verdict.rung == 0) head = "Open, with nothing engaged: what was did harm";
  const bool last = tripped && !tells && verdict.rung > 0 && waits.empty();
  if (last) head += ", the last it may take, for " + what_tripped(verdict);
  return waits.empty() ? head + "." : head + ": " + joined(waits) + ".";
}

std::string unknown(const Verdict& verdict, const json& policy) {
  std::vector<std::string> parts;
  for (const auto& evidence : verdict.evidence) {
    if (evidence.quality != Quality::absent) continue;
    auto part = evidence.signal + " (" + absence(evidence.reason) + ")";
    // Two conditions may be about one signal.
    if (std::find(parts.begin(), parts.end(), part) == parts.end())
      parts.push_back(std::move(part));
  }
  if (parts.empty()) parts.emplace_back("a signal");
  const auto is_age = [](GateKind kind) { return kind == GateKind::freshness; };
  for (auto& age : failed(verdict, policy, is_age)) parts.push_back(std::move(age));
  return "Cannot tell, so everything stays as it is: unknown is " + joined(parts) + ".";
}

std::string restored(const Verdict& verdict) {
  if (verdict.admitted > 0) {
    return "Gave back a step of rung " + std::to_string(verdict.rung) + ": it admits " +
           share(verdict.admitted) + " now.";
  }
  return "Gave back what stood above rung " + std::to_string(verdict.rung) + "; " +
         rung_of(verdict, verdict.rung) + " stays.";
}

std::string passed_over(const Verdict& verdict, const json& policy) {
  std::vector<std::string> parts;
  for (const auto& one : verdict.gates) {
    if (one.kind == GateKind::benched) parts.push_back(gate(verdict, one, policy));
  }
  return parts.empty() ? "" : " Passed over: " + joined(parts) + ".";
}

std::string forward(const char* what, const Verdict& verdict, const json& policy) {
  const int rung = verdict.took;
  return what + (" and took " + rung_of(verdict, rung)) + act_of(policy, rung) + ": " +
         what_tripped(verdict) + "." + passed_over(verdict, policy);
}

std::string mode_of(const Verdict& verdict) {
  const std::string mode(to_text(verdict.mode));
  if (verdict.kind == PolicyKind::alert) return mode + " (tells, does nothing)";
  if (!verdict.acts()) return mode + " (decides and records, touches nothing)";
  if (verdict.share < 1) return mode + " (acts on " + share(verdict.share) + ")";
  return mode + " (acts)";
}

std::string state_of(const Verdict& verdict) {
  if (verdict.kind == PolicyKind::regulator) return regulator_state(verdict);
  if (verdict.kind == PolicyKind::job) return job_state(verdict);
  if (verdict.kind == PolicyKind::alert) {
    return verdict.state == BreakerState::closed ? "not firing" : "firing";
  }
  auto out = std::string(to_text(verdict.state)) + ", up to rung " + std::to_string(verdict.rung) +
             " of " + std::to_string(verdict.rungs) + " engaged";
  if (verdict.rung == 0) out = std::string(to_text(verdict.state)) + ", no rung engaged";
  if (verdict.admitted > 0) out += ", which admits " + share(verdict.admitted);
  if (verdict.state == BreakerState::closed) return out;
  return out + "; hold " + duration(verdict.hold) + ", " + std::to_string(verdict.trips) +
         (verdict.trips == 1 ? " trip" : " trips");
}

std::string evidence_table(const Verdict& verdict) {
  std::vector<Row> rows;
  for (const auto& evidence : verdict.evidence) {
    rows.push_back({evidence.signal, measured(evidence), judged(evidence), standing(evidence)});
  }
  return rows.empty() ? "  nothing\n" : table(rows);
}

std::string gate_table(const Verdict& verdict, const json& policy) {
  std::vector<Row> rows;
  for (const auto& one : verdict.gates) {
    rows.push_back(
        {one.passed ? "yes" : "no", std::string(to_text(one.kind)), gate(verdict, one, policy)});
  }
  return rows.empty() ? "  none was reached\n" : table(rows);
}

/// Why it acted or did not, what that touched, what comes next, and what the last act brought.
std::string paragraph(const Verdict& verdict, const json& policy,
                      const std::optional<Effect>& last_act) {
  auto out = reason(verdict, policy) + what_was_touched(verdict) + what_next(verdict, policy);
  if (last_act) {
    const int rung = last_act->rung;
    out += " The last act that was judged, rung " + std::to_string(rung) + act_of(policy, rung) +
           ": " + effect(*last_act) + ".";
  }
  return out;
}

}  // namespace

std::string reason(const Verdict& verdict, const json& policy) {
  if (verdict.kind == PolicyKind::regulator) return regulator_reason(verdict, policy);
  if (verdict.kind == PolicyKind::job && verdict.step != Step::unknown) {
    return job_reason(verdict, policy);
  }
  switch (verdict.step) {
    case Step::idle:
      return idle(verdict, policy);
    case Step::blocked:
      return blocked(verdict, policy);
    case Step::opened:
      return forward("Opened", verdict, policy);
    case Step::climbed:
      return forward("Climbed", verdict, policy);
    case Step::reopened:
      return forward("Opened again", verdict, policy);
    case Step::holding:
      return holding(verdict, policy);
    case Step::restored:
      return restored(verdict);
    case Step::closed:
      return "Closed: everything is given back.";
    case Step::adjusted:  // of a regulator or a job, see above
    case Step::started:
    case Step::resumed:
    case Step::stopped:
    case Step::finished:
    case Step::failed:
      return "";
    case Step::fired:
      return "Fires: " + what_tripped(verdict) + ".";
    case Step::resolved:
      return "Resolved: the condition no longer holds.";
    case Step::unknown:
      return unknown(verdict, policy);
  }
  return "";
}

std::string explain(const Verdict& verdict, WallTime wall, const json& policy,
                    const std::optional<Effect>& last_act) {
  std::string out =
      printable(verdict.policy + " on " + to_text(verdict.subject)) + ", " + utc(wall) + "\n";
  out += table({{"mode", mode_of(verdict)}, {"state", state_of(verdict)}});
  out += "\n" + printable(paragraph(verdict, policy, last_act)) + "\n";
  out += "\nMeasured\n" + evidence_table(verdict);
  out += "\nGates (what each wants, and by how much it is short)\n" + gate_table(verdict, policy);
  return out;
}

std::string explain(const Verdict& verdict, WallTime wall) {
  return explain(verdict, wall, nullptr);
}

}  // namespace homeostat::text
