// SPDX-License-Identifier: Apache-2.0
#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

json gate_to_json(const Gate& gate) {
  json out = {{"kind", to_text(gate.kind)},           {"arm", gate.arm},
              {"value", codec::number(gate.value)},   {"threshold", codec::number(gate.threshold)},
              {"margin", codec::number(gate.margin)}, {"passed", gate.passed}};
  if (gate.rung > 0) out["rung"] = gate.rung;
  if (gate.left_out) out["left_out"] = true;
  return out;
}

Result<Gate> gate_from_json(const json& in) {
  Gate gate;
  codec::Reader reader(in, "gate");
  reader.read("kind", gate.kind, parse_gate_kind);
  reader.read("arm", gate.arm);
  reader.read("value", gate.value);
  reader.read("threshold", gate.threshold);
  reader.read("margin", gate.margin);
  reader.read("passed", gate.passed);
  std::optional<int> rung;
  reader.read_optional("rung", rung);
  gate.rung = rung.value_or(0);
  std::optional<bool> left_out;
  reader.read_optional("left_out", left_out);
  gate.left_out = left_out.value_or(false);
  if (reader.error()) return *reader.error();
  return gate;
}

json evidence_to_json(const Evidence& evidence) {
  json out = {{"signal", evidence.signal},
              {"quality", to_text(evidence.quality)},
              {"reason", to_text(evidence.reason)},
              {"numerator", codec::number(evidence.numerator)},
              {"denominator", codec::number(evidence.denominator)},
              {"tripped", evidence.tripped},
              {"clear", evidence.clear}};
  codec::set(out, "judged", evidence.judged);
  codec::set(out, "cusum", evidence.cusum);
  codec::set(out, "backstop", evidence.backstop);
  codec::set(out, "rise", evidence.rise);
  return out;
}

Result<Evidence> evidence_from_json(const json& in) {
  Evidence evidence;
  codec::Reader reader(in, "evidence");
  reader.read("signal", evidence.signal);
  reader.read("quality", evidence.quality, parse_quality);
  reader.read("reason", evidence.reason, parse_absent_reason);
  reader.read("numerator", evidence.numerator);
  reader.read("denominator", evidence.denominator);
  reader.read("tripped", evidence.tripped);
  reader.read("clear", evidence.clear);
  reader.read_optional("judged", evidence.judged);
  reader.read_optional("cusum", evidence.cusum);
  reader.read_optional("backstop", evidence.backstop);
  reader.read_optional("rise", evidence.rise);
  if (reader.error()) return *reader.error();
  return evidence;
}

}  // namespace

json to_json(const Verdict& verdict) {
  json out = {{"policy", verdict.policy},
              {"subject", to_text(verdict.subject)},
              {"kind", to_text(verdict.kind)},
              {"mode", to_text(verdict.mode)},
              {"share", codec::number(verdict.share)},
              {"at_us", verdict.at.time_since_epoch().count()},
              {"state", to_text(verdict.state)},
              {"step", to_text(verdict.step)},
              {"rung", verdict.rung},
              {"took", verdict.took},
              {"rungs", verdict.rungs},
              {"admitted", codec::number(verdict.admitted)},
              {"hold_us", verdict.hold.count()},
              {"trips", verdict.trips},
              {"bar", to_text(verdict.bar)},
              {"evidence", json::array()},
              {"gates", json::array()}};
  codec::set(out, "computed", verdict.computed);
  codec::set(out, "target", verdict.target);
  codec::set(out, "value", verdict.value);
  if (verdict.job) out["job"] = to_json(*verdict.job);
  for (const auto& evidence : verdict.evidence) {
    out["evidence"].push_back(evidence_to_json(evidence));
  }
  for (const auto& gate : verdict.gates) out["gates"].push_back(gate_to_json(gate));
  return out;
}

Result<Verdict> verdict_from_json(const json& in) {
  Verdict verdict;
  codec::Reader reader(in, "verdict");
  reader.read("policy", verdict.policy);
  reader.read("subject", verdict.subject);
  reader.read("kind", verdict.kind, parse_policy_kind);
  reader.read("mode", verdict.mode, parse_mode);
  reader.read("share", verdict.share);
  reader.read("at_us", verdict.at);
  reader.read("state", verdict.state, parse_breaker_state);
  reader.read("step", verdict.step, parse_step);
  reader.read("rung", verdict.rung);
  reader.read("took", verdict.took);
  reader.read("rungs", verdict.rungs);
  reader.read("admitted", verdict.admitted);
  reader.read("hold_us", verdict.hold);
  reader.read("trips", verdict.trips);
  reader.read("bar", verdict.bar, parse_forward_bar);
  reader.read_optional("computed", verdict.computed);
  reader.read_optional("target", verdict.target);
  reader.read_optional("value", verdict.value);
  codec::read_optional(reader, "job", verdict.job, job_status_from_json);
  codec::read_all(reader, "evidence", verdict.evidence, evidence_from_json);
  codec::read_all(reader, "gates", verdict.gates, gate_from_json);
  if (reader.error()) return *reader.error();
  return verdict;
}

json to_json(const Effect& effect) {
  json out = {{"policy", effect.policy},
              {"subject", to_text(effect.subject)},
              {"signal", effect.signal},
              {"move", to_text(effect.move)},
              {"amount", codec::number(effect.amount)},
              {"rung", effect.rung},
              {"acted_us", effect.acted.time_since_epoch().count()},
              {"judged_us", effect.judged.time_since_epoch().count()},
              {"outcome", to_text(effect.outcome)},
              {"doubt", to_text(effect.doubt)}};
  codec::set(out, "before", effect.before);
  codec::set(out, "after", effect.after);
  codec::set(out, "control", effect.control);
  return out;
}

Result<Effect> effect_from_json(const json& in) {
  Effect effect;
  codec::Reader reader(in, "effect");
  reader.read("policy", effect.policy);
  reader.read("subject", effect.subject);
  reader.read("signal", effect.signal);
  reader.read("move", effect.move, parse_expected_move);
  reader.read("amount", effect.amount);
  reader.read("rung", effect.rung);
  reader.read("acted_us", effect.acted);
  reader.read("judged_us", effect.judged);
  reader.read_optional("before", effect.before);
  reader.read_optional("after", effect.after);
  reader.read_optional("control", effect.control);
  reader.read("outcome", effect.outcome, parse_effect_outcome);
  reader.read("doubt", effect.doubt, parse_effect_doubt);
  if (reader.error()) return *reader.error();
  return effect;
}

}  // namespace homeostat
