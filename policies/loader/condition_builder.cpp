// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/condition_builder.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

/// `any` and `all` hold a list of arms; otherwise the condition is its own arm.
const Value* group_of(const Value& open) {
  const auto* const any = find(open, "any");
  return any != nullptr ? any : find(open, "all");
}

std::vector<const Value*> arms_of(const Value& open) {
  const auto* const group = group_of(open);
  if (group == nullptr) return {&open};
  std::vector<const Value*> arms;
  for (const auto& child : group->children) arms.push_back(&child);
  return arms;
}

class ArmBuilder {
 public:
  ArmBuilder(const Value& value, const ConditionContext& context, std::vector<Finding>& errors)
      : value_(value), context_(context), errors_(errors) {}

  Arm build();

 private:
  LevelTest level(Comparison comparison, double threshold);
  CusumTest cusum(const Value& test);
  TrendTest trend(const Value& test);
  void check_level(const LevelTest& level, const Arm& arm);
  void check_cusum(const Value& test, const CusumTest& cusum, const Arm& arm);
  void check_trend(const Value& test, const TrendTest& trend, const Arm& arm);
  void check_absence(const Value& test, const Arm& arm);
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }
  const SignalDescription* signal_of(const Arm& arm) const {
    const auto found = context_.vocabulary.signals.find(arm.signal);
    return found == context_.vocabulary.signals.end() ? nullptr : &found->second;
  }

  const Value& value_;
  const ConditionContext& context_;
  std::vector<Finding>& errors_;
};

LevelTest ArmBuilder::level(Comparison comparison, double threshold) {
  LevelTest test;
  test.comparison = comparison;
  test.threshold = threshold;
  if (const auto* const hold = get<Duration>(value_, "for")) test.hold_for = *hold;
  assign<std::int64_t>(test.for_samples, value_, "for_samples");
  return test;
}

CusumTest ArmBuilder::cusum(const Value& test) {
  CusumTest result;
  assign<double>(result.ref, test, "ref");
  assign<double>(result.trip, test, "trip");
  assign<double>(result.step_cap, test, "step_cap");
  if (const auto* const prior = find(test, "prior")) {
    assign<double>(result.prior_weight, *prior, "weight");
    assign<double>(result.prior_ratio, *prior, "ratio");
  }
  return result;
}

TrendTest ArmBuilder::trend(const Value& test) {
  TrendTest result;
  assign<double>(result.rises, test, "rises");
  assign_duration(result.over, test, "over");
  assign_duration(result.hold_for, value_, "for");
  return result;
}

void ArmBuilder::check_level(const LevelTest& level, const Arm& arm) {
  const bool above = level.comparison == Comparison::above;
  const std::string test = above ? "above" : "below";
  const auto threshold = format_number(level.threshold);
  const auto clear = arm.clear_level.value_or(0);
  if (arm.clear_level && above && clear >= level.threshold) {
    report(place_of(value_, "clear_below"), "`clear_below` is " + format_number(clear) +
                                                "; expected less than `above` (" + threshold + ")");
  }
  if (arm.clear_level && !above && clear <= level.threshold) {
    report(place_of(value_, "clear_above"), "`clear_above` is " + format_number(clear) +
                                                "; expected more than `below` (" + threshold + ")");
  }
  const auto* const signal = signal_of(arm);
  if (signal == nullptr) return;
  if (signal->traits.shape == SignalShape::counter) {
    report(place_of(value_, "signal"),
           "`" + arm.signal + "` only grows, so that a level of it would never clear");
  }
  const bool possible = above ? level.threshold >= 0 && level.threshold < 1
                              : level.threshold > 0 && level.threshold <= 1;
  if (signal->traits.shape == SignalShape::ratio && !possible) {
    report(place_of(value_, test), "`" + test + "` is " + threshold + ", but `" + arm.signal +
                                       "` is a ratio; expected a number between 0 and 1");
  }
}

void ArmBuilder::check_cusum(const Value& test, const CusumTest& cusum, const Arm& arm) {
  const auto* const signal = signal_of(arm);
  if (signal != nullptr && signal->traits.shape != SignalShape::ratio) {
    report(test.key_place, "`cusum` is for ratios, and `" + arm.signal + "` is a " +
                               std::string(to_text(signal->traits.shape)) +
                               "; expected `above` or `below`");
  }
  if (!arm.clear_level || get<double>(test, "ref") == nullptr) return;
  const auto clear = format_number(*arm.clear_level);
  if (*arm.clear_level >= cusum.ref) {
    report(place_of(value_, "clear_below"), "`clear_below` is " + clear +
                                                "; expected less than `ref` of `cusum` (" +
                                                format_number(cusum.ref) + ")");
  } else if (*arm.clear_level <= cusum.prior_ratio) {
    // An idle system reads as the prior ratio: it must be able to clear.
    report(place_of(value_, "clear_below"),
           "`clear_below` is " + clear + "; expected more than `prior` ratio (" +
               format_number(cusum.prior_ratio) + "), which is what an idle system reads");
  }
}

/// The clear level of a gauge is one of its value, and may lie anywhere; of a counter, which only
/// grows, it is one of the rise.
void ArmBuilder::check_trend(const Value& test, const TrendTest& trend, const Arm& arm) {
  if (!arm.record.empty()) {
    report(test.key_place, "`trend` is for signals, whose readings are kept, and `" + arm.signal +
                               "` is a record; expected `above` or `below`");
  }
  const auto* const signal = signal_of(arm);
  if (signal == nullptr) return;
  if (signal->traits.shape == SignalShape::ratio) {
    report(test.key_place, "`trend` is for gauges and counters, and `" + arm.signal +
                               "` is a ratio; expected `cusum`, `above` or `below`");
  }
  const bool counter = signal->traits.shape == SignalShape::counter;
  if (!counter || !arm.clear_level || get<double>(test, "rises") == nullptr) return;
  const double clear = *arm.clear_level;
  if (clear > 0 && clear < trend.rises) return;
  report(place_of(value_, "clear_below"),
         "`clear_below` is " + format_number(*arm.clear_level) + ", and `" + arm.signal +
             "` is a counter, of which the rise is compared; expected more than 0 and less than "
             "`rises` of `trend` (" +
             format_number(trend.rises) + ")");
}

void ArmBuilder::check_absence(const Value& test, const Arm& arm) {
  if (arm.signal != kAlwaysKnown) return;
  report(test.key_place, "`" + arm.signal + "` is never absent; expected `below`");
}

Arm ArmBuilder::build() {
  Arm arm;
  assign_text(arm.signal, value_, "signal");
  const auto* const clear_key = find(value_, "below") != nullptr ? "clear_above" : "clear_below";
  if (const auto* const level = get<double>(value_, clear_key)) arm.clear_level = *level;
  assign_duration(arm.clear_for, value_, "clear_for");
  if (const auto* const smooth = get<Duration>(value_, "smooth")) arm.smooth = *smooth;
  if (const auto* const open = get<Duration>(value_, "max_open")) arm.max_open = *open;
  if (const auto* const rung = get<std::int64_t>(value_, "max_rung")) {
    arm.max_rung = static_cast<int>(*rung);
  }
  if (const auto* const aggregate = get<std::string>(value_, "agg")) {
    arm.aggregate = *aggregate == "max"   ? Aggregate::max
                    : *aggregate == "min" ? Aggregate::min
                                          : Aggregate::sum;
  }
  if (const auto record = context_.records.find(arm.signal); record != context_.records.end()) {
    arm.record = {record->second};
    if (arm.aggregate != Aggregate::automatic) {
      report(place_of(value_, "agg"), "`agg` does not go with a record: it is one value already");
    }
  }
  check_subject(value_, context_.about, context_.vocabulary, errors_);
  if (const auto* const test = find(value_, "cusum")) {
    const auto built = cusum(*test);
    check_cusum(*test, built, arm);
    arm.test = built;
  }
  if (const auto* const test = find(value_, "trend")) {
    const auto built = trend(*test);
    check_trend(*test, built, arm);
    arm.test = built;
  }
  if (const auto* const test = find(value_, "absent_for")) {
    AbsenceTest built;
    assign_duration(built.absent_for, value_, "absent_for");
    check_absence(*test, arm);
    arm.test = built;
  }
  for (const auto comparison : {Comparison::above, Comparison::below}) {
    const auto* const threshold =
        get<double>(value_, comparison == Comparison::above ? "above" : "below");
    if (threshold == nullptr) continue;
    const auto built = level(comparison, *threshold);
    check_level(built, arm);
    arm.test = built;
  }
  return arm;
}

}  // namespace

Condition build_condition(const Value& open, const ConditionContext& context,
                          std::vector<Finding>& errors, std::vector<Finding>& notes) {
  Condition condition;
  const bool all = find(open, "all") != nullptr;
  condition.combination = all ? Combination::all : Combination::any;
  std::vector<Finding> missing;
  for (const auto* const value : arms_of(open)) {
    auto arm = ArmBuilder(*value, context, errors).build();
    const auto known = context.vocabulary.signals.find(arm.signal);
    if (known == context.vocabulary.signals.end() || known->second.provided_for(context.about)) {
      condition.arms.push_back(std::move(arm));
    } else {
      missing.push_back(
          {place_of(*value, "signal"), unprovided(known->second, arm.signal, context.about)});
    }
  }
  const bool gone = !missing.empty() && (all || condition.arms.empty());
  if (gone && context.may_be_dropped) condition.arms.clear();
  for (auto& finding : missing) {
    if (gone && !context.may_be_dropped) {
      finding.message += all ? ", and `all` needs each of its conditions"
                             : ", and no other condition of this policy is left";
      errors.push_back(std::move(finding));
    } else {
      finding.message =
          "policy `" + context.policy + "`: this condition is dropped: " + finding.message;
      notes.push_back(std::move(finding));
    }
  }
  return condition;
}

bool measured_elsewhere(const Value& open, const ConditionContext& context) {
  const bool all = find(open, "all") != nullptr;
  bool one_left = false;
  bool one_elsewhere = false;
  for (const auto* const arm : arms_of(open)) {
    const auto* const name = get<std::string>(*arm, "signal");
    if (name == nullptr) return false;
    const auto known = context.vocabulary.signals.find(*name);
    if (known == context.vocabulary.signals.end()) return false;
    const bool left = known->second.provided_for(context.about);
    one_left = one_left || left;
    one_elsewhere = one_elsewhere || (!left && known->second.provided);
  }
  return one_elsewhere && (all || !one_left);
}

std::string unprovided(const SignalDescription& signal, const SignalName& name, SubjectKind about) {
  if (!signal.provided) return "no configured probe provides `" + name + "`";
  return "no configured probe provides `" + name + "` of each " + std::string(to_text(about));
}

void check_rung_limits(const Value& open, std::int64_t rungs, std::vector<Finding>& errors) {
  for (const auto* const arm : arms_of(open)) {
    const auto* const limit = get<std::int64_t>(*arm, "max_rung");
    if (limit == nullptr || *limit <= rungs) continue;
    errors.push_back({place_of(*arm, "max_rung"), "`max_rung` is " + std::to_string(*limit) +
                                                      ", but the ladder has only " +
                                                      std::to_string(rungs)});
  }
}

void check_subject(const Value& record, SubjectKind about, const Vocabulary& vocabulary,
                   std::vector<Finding>& errors) {
  const auto* const name = get<std::string>(record, "signal");
  if (name == nullptr || about == SubjectKind::cluster) return;
  const auto signal = vocabulary.signals.find(*name);
  if (signal == vocabulary.signals.end() || signal->second.is_about(about)) return;
  errors.push_back({place_of(record, "signal"), "`" + *name + "` is measured for each " +
                                                    std::string(to_text(signal->second.about)) +
                                                    ", but `for_each` is `" +
                                                    std::string(to_text(about)) + "`"});
}

}  // namespace homeostat::loader
