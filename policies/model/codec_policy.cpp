// SPDX-License-Identifier: Apache-2.0
#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"
#include "policies/model/names.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

constexpr NameTable<Comparison, 2> kComparisons{{
    {Comparison::above, "above"},
    {Comparison::below, "below"},
}};

constexpr NameTable<Combination, 2> kCombinations{{
    {Combination::any, "any"},
    {Combination::all, "all"},
}};

constexpr NameTable<Aggregate, 4> kAggregates{{
    {Aggregate::automatic, "automatic"},
    {Aggregate::max, "max"},
    {Aggregate::min, "min"},
    {Aggregate::sum, "sum"},
}};

json test_to_json(const LevelTest& level) {
  json out = {{"kind", "level"},
              {"comparison", name_of(kComparisons, level.comparison)},
              {"threshold", codec::number(level.threshold)}};
  // The one replaces the other: both would be a riddle.
  if (level.hold_for) {
    codec::set_us(out, "hold_for_us", level.hold_for);
  } else {
    out["for_samples"] = level.for_samples;
  }
  return out;
}

json test_to_json(const CusumTest& cusum) {
  return {{"kind", "cusum"},
          {"ref", codec::number(cusum.ref)},
          {"trip", codec::number(cusum.trip)},
          {"step_cap", codec::number(cusum.step_cap)},
          {"prior_weight", codec::number(cusum.prior_weight)},
          {"prior_ratio", codec::number(cusum.prior_ratio)}};
}

json test_to_json(const TrendTest& trend) {
  return {{"kind", "trend"},
          {"rises", codec::number(trend.rises)},
          {"over_us", trend.over.count()},
          {"hold_for_us", trend.hold_for.count()}};
}

json test_to_json(const AbsenceTest& absence) {
  return {{"kind", "absence"}, {"absent_for_us", absence.absent_for.count()}};
}

json formula_to_json(const Formula& formula) {
  json out = {{"text", formula.text}, {"inputs", json::object()}};
  for (const auto& input : formula.inputs) {
    out["inputs"][input.name] =
        input.record.empty() ? json(input.signal) : formula_to_json(input.record.front());
  }
  for (const auto& [name, value] : formula.constants) out["inputs"][name] = codec::number(value);
  return out;
}

json arm_to_json(const Arm& arm) {
  const auto test = [](const auto& concrete) { return test_to_json(concrete); };
  json out = {{"signal", arm.signal},
              {"test", std::visit(test, arm.test)},
              {"clear_for_us", arm.clear_for.count()},
              {"aggregate", name_of(kAggregates, arm.aggregate)}};
  codec::set(out, "clear_level", arm.clear_level);
  codec::set_us(out, "smooth_us", arm.smooth);
  codec::set_us(out, "max_open_us", arm.max_open);
  if (arm.max_rung) out["max_rung"] = *arm.max_rung;
  if (!arm.record.empty()) out["record"] = formula_to_json(arm.record.front());
  if (arm.early) out["early"] = true;
  return out;
}

json condition_to_json(const Condition& condition) {
  json out = {{"combination", name_of(kCombinations, condition.combination)},
              {"arms", json::array()}};
  for (const auto& arm : condition.arms) out["arms"].push_back(arm_to_json(arm));
  return out;
}

json ladder_to_json(const std::vector<Act>& ladder) {
  auto out = json::array();
  for (const auto& act : ladder) {
    out.push_back({{"lever", act.lever},
                   {"target", act.target},
                   {"value", to_json(act.value)},
                   {"ttl_us", act.ttl.count()}});
  }
  return out;
}

json expectation_to_json(const Expectation& expect) {
  return {{"signal", expect.signal},
          {"move", to_text(expect.move)},
          {"amount", codec::number(expect.amount)},
          {"within_us", expect.within.count()}};
}

json regulator_to_json(const Regulator& regulator) {
  const auto& bounds = regulator.bounds;
  json out = {{"argument", regulator.argument},
              {"baseline", codec::number(regulator.baseline)},
              {"bounds",
               {{"min", codec::number(bounds.min)},
                {"max", codec::number(bounds.max)},
                {"dead_band", codec::number(bounds.dead_band)}}}};
  codec::set(out["bounds"], "max_step", bounds.max_step);
  if (regulator.to) out["to"] = formula_to_json(*regulator.to);
  if (const auto& aimd = regulator.aimd) {
    out["aimd"] = {{"cut", codec::number(aimd->cut)},
                   {"grow", codec::number(aimd->grow)},
                   {"every_us", aimd->every.count()}};
  }
  return out;
}

json canary_to_json(const CanaryRule& canary) {
  json out = {{"steps", json::array()},
              {"min_acts", canary.min_acts},
              {"most_failed", codec::number(canary.most_failed)}};
  for (const auto& step : canary.steps) {
    out["steps"].push_back(
        {{"share", codec::number(step.share)}, {"for_us", step.hold_for.count()}});
  }
  return out;
}

json alert_to_json(const AlertSpec& alert) {
  return {{"severity", alert.severity},
          {"labels", alert.labels},
          {"annotations", alert.annotations},
          {"runbook", alert.runbook}};
}

json subjects_to_json(const std::vector<Subject>& subjects) {
  auto out = json::array();
  for (const auto& subject : subjects) out.push_back(to_text(subject));
  return out;
}

}  // namespace

json to_json(const Policy& policy) {
  json out = {
      {"name", policy.name},
      {"kind", to_text(policy.kind)},
      {"mode", to_text(policy.mode)},
      {"description", policy.description},
      {"every_us", policy.every.count()},
      {"subjects", subjects_to_json(policy.subjects)},
      {"open", condition_to_json(policy.open)},
      {"ladder", ladder_to_json(policy.ladder)},
      {"climb_after_us", policy.climb_after.count()},
      {"hold",
       {{"first_us", policy.hold.first.count()},
        {"factor", codec::number(policy.hold.factor)},
        {"max_us", policy.hold.max.count()}}},
      {"restore", {{"steps", policy.restore.steps}, {"each_us", policy.restore.each.count()}}},
      {"limits",
       {{"per_hour", policy.limits.per_hour},
        {"max_subjects", codec::number(policy.limits.max_subjects)}}},
      {"priority", policy.priority},
      {"blocked_while", policy.blocked_while},
      {"hash", policy.hash},
      {"place",
       {{"file", policy.place.file},
        {"line", policy.place.line},
        {"column", policy.place.column}}}};
  out["bench"] = {{"first_us", policy.bench.first.count()},
                  {"factor", codec::number(policy.bench.factor)},
                  {"max_us", policy.bench.max.count()},
                  {"tries", policy.bench.tries}};
  out["canary"] = canary_to_json(policy.canary);
  if (policy.expect) out["expect"] = expectation_to_json(*policy.expect);
  if (policy.regulator) out["regulator"] = regulator_to_json(*policy.regulator);
  if (policy.job) out["job"] = to_json(*policy.job);
  if (policy.escalate) {
    out["escalate"] = {{"to", to_text(policy.escalate->to)},
                       {"at", codec::number(policy.escalate->at)}};
  }
  if (policy.alert) out["alert"] = alert_to_json(*policy.alert);
  return out;
}

}  // namespace homeostat
