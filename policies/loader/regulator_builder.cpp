// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/regulator_builder.hpp"

#include <string>
#include <utility>

#include "policies/loader/condition_builder.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

class RegulatorBuilder {
 public:
  RegulatorBuilder(const Value& document, const RegulatedArgument& argument,
                   std::vector<Finding>& errors)
      : document_(document), argument_(argument), errors_(errors) {}

  Bounds bounds();
  Aimd aimd(const Value& written);

 private:
  std::optional<double> amount(const Value& bounds, std::string_view key);
  std::string shown(double value) const;
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }

  const Value& document_;
  const RegulatedArgument& argument_;
  std::vector<Finding>& errors_;
};

std::string RegulatorBuilder::shown(double value) const {
  if (argument_.type == ArgumentType::duration) return format_duration(from_seconds(value));
  return format_number(value);
}

/// In base units. A number alone is no duration, and a duration no number.
std::optional<double> RegulatorBuilder::amount(const Value& bounds, std::string_view key) {
  const auto* const number = get<double>(bounds, key);
  const auto* const duration = get<Duration>(bounds, key);
  if (number == nullptr && duration == nullptr) return std::nullopt;
  const bool wants_duration = argument_.type == ArgumentType::duration;
  if (wants_duration != (duration != nullptr)) {
    report(place_of(bounds, key),
           "`" + std::string(key) + "` is no " + (wants_duration ? "duration" : "number") +
               ", but `" + argument_.name + "` of this lever is one" +
               (wants_duration ? ", such as 100ms" : " (" + argument_.unit + ")"));
    return std::nullopt;
  }
  return duration != nullptr ? to_seconds(*duration) : *number;
}

Bounds RegulatorBuilder::bounds() {
  Bounds bounds;
  const auto* const written = find(document_, "bounds");
  if (written == nullptr) return bounds;
  const auto min = amount(*written, "min");
  const auto max = amount(*written, "max");
  for (const auto& [key, value] : {std::pair{"min", min}, std::pair{"max", max}}) {
    if (!value || (*value >= argument_.min && *value <= argument_.max)) continue;
    report(place_of(*written, key), "`" + std::string(key) + "` is " + shown(*value) + "; `" +
                                        argument_.name + "` of this lever takes " +
                                        shown(argument_.min) + " to " + shown(argument_.max));
  }
  bounds.min = min.value_or(argument_.min);
  bounds.max = max.value_or(argument_.max);
  if (min && max && *min > *max) {
    report(place_of(*written, "max"),
           "`max` is " + shown(*max) + "; expected at least `min` (" + shown(*min) + ")");
  }
  assign<double>(bounds.dead_band, *written, "dead_band");
  bounds.max_step = amount(*written, "max_step");
  if (bounds.max_step && *bounds.max_step <= 0) {
    report(place_of(*written, "max_step"),
           "`max_step` is " + shown(*bounds.max_step) + "; expected more than 0");
  }
  return bounds;
}

Aimd RegulatorBuilder::aimd(const Value& written) {
  Aimd aimd;
  assign<double>(aimd.cut, written, "cut");
  assign<double>(aimd.grow, written, "grow");
  assign_duration(aimd.every, written, "every");
  if (!argument_.baseline_is_max) {
    report(written.key_place, "`aimd` cuts what is too much, but `" + argument_.name +
                                  "` of this lever restricts least at its minimum; expected `to`");
  }
  const auto* const bounds = find(document_, "bounds");
  const auto* const dead_band = bounds == nullptr ? nullptr : get<double>(*bounds, "dead_band");
  if (dead_band != nullptr && *dead_band > 0) {
    report(place_of(*bounds, "dead_band"),
           "`dead_band` only goes with `to`: it would keep `aimd` from growing");
  }
  return aimd;
}

}  // namespace

void build_regulator(const Value& document, const FormulaNames& names,
                     const FormulaContext& context, PolicyDraft& draft,
                     std::vector<Finding>& errors, std::vector<Finding>& notes) {
  auto& policy = draft.policy;
  if (policy.ladder.empty()) return;  // reported with `set`
  const auto lever = context.vocabulary.levers.find(policy.ladder.front().lever);
  if (lever == context.vocabulary.levers.end() || !lever->second.regulated) return;
  const auto& argument = *lever->second.regulated;
  RegulatorBuilder builder(document, argument, errors);
  Regulator regulator;
  regulator.argument = argument.name;
  regulator.bounds = builder.bounds();
  regulator.baseline = argument.baseline_is_max ? regulator.bounds.max : regulator.bounds.min;
  if (const auto* const to = find(document, "to")) {
    regulator.to = build_formula(*to, names, context, errors);
  }
  if (const auto* const aimd = find(document, "aimd")) {
    regulator.aimd = builder.aimd(*aimd);
    if (const auto* const over = find(*aimd, "over")) {
      const ConditionContext condition{policy.name, context.about, policy.kind, context.vocabulary,
                                       names.records};
      policy.open = build_condition(*over, condition, errors, notes);
    }
  }
  policy.regulator = std::move(regulator);
}

}  // namespace homeostat::loader
