// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/job_builder.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "policies/loader/condition_builder.hpp"
#include "policies/loader/scalars.hpp"
#include "policies/loader/time_intervals.hpp"

namespace homeostat::loader {
namespace {

/// Every minute is in it.
bool always(const TimeInterval& interval) {
  const auto whole_day = [](const IntegerRange& range) {
    return range.begin <= 0 && range.end >= 24 * 60;
  };
  const auto& times = interval.times;
  return (times.empty() || std::any_of(times.begin(), times.end(), whole_day)) &&
         interval.weekdays.empty() && interval.days_of_month.empty() && interval.months.empty() &&
         interval.years.empty();
}

class JobBuilder {
 public:
  JobBuilder(const Value& document, Policy& policy, std::vector<Finding>& errors)
      : document_(document), policy_(policy), errors_(errors) {}

  void read_times();
  void read_budget();
  void read_conditions(ConditionContext context, std::vector<Finding>& notes);
  Job job() && { return std::move(job_); }

 private:
  std::optional<Duration> duration(const char* key) const {
    const auto* const value = get<Duration>(document_, key);
    return value == nullptr ? std::nullopt : std::optional(*value);
  }

  const Value& document_;
  Policy& policy_;
  std::vector<Finding>& errors_;
  Job job_;
};

void JobBuilder::read_times() {
  if (const auto* const windows = find(document_, "windows")) {
    job_.windows = build_time_intervals(*windows, errors_);
    job_.resume = job_.windows;
  }
  if (const auto* const resume = find(document_, "resume")) {
    job_.resume = build_time_intervals(*resume, errors_);
  }
  if (std::any_of(job_.resume.begin(), job_.resume.end(), always)) {
    errors_.push_back({place_of(document_, find(document_, "resume") ? "resume" : "windows"),
                       "a window to go on in that never ends: what is stopped goes on in the next "
                       "one; expected `times`, `weekdays` or the like"});
  }
  job_.at_most_every = duration("at_most_every");
  job_.cooldown = duration("cooldown").value_or(Duration{});
  const auto* const approval = get<std::string>(document_, "approval");
  job_.needs_approval = approval != nullptr && *approval == "required";
}

void JobBuilder::read_budget() {
  job_.deadline = duration("deadline");
  if (const auto* const budget = find(document_, "budget")) {
    if (const auto* const time = get<Duration>(*budget, "time")) job_.budget.time = *time;
    if (const auto* const bytes = get<std::int64_t>(*budget, "bytes")) {
      job_.budget.bytes = static_cast<double>(*bytes);
    }
  }
  if (!job_.deadline && !job_.budget.time) {
    errors_.push_back({place_of(document_, "run"),
                       "nothing ends this job when nobody says how far it is; expected `deadline`, "
                       "or `time` in `budget`"});
  }
  if (!job_.deadline || !job_.budget.time || *job_.deadline > *job_.budget.time) return;
  errors_.push_back({place_of(document_, "deadline"),
                     "`deadline` is " + format_duration(*job_.deadline) +
                         ", so that the time of `budget` would never be used up; expected more "
                         "than " +
                         format_duration(*job_.budget.time)});
}

void JobBuilder::read_conditions(ConditionContext context, std::vector<Finding>& notes) {
  if (const auto* const when = find(document_, "when")) {
    policy_.open = build_condition(*when, context, errors_, notes);
  }
  const auto* const early = find(document_, "early");
  if (early == nullptr) return;
  context.may_be_dropped = true;
  auto condition = build_condition(*early, context, errors_, notes);
  job_.early_needs_all = condition.combination == Combination::all;
  for (auto& arm : condition.arms) {
    arm.early = true;
    policy_.open.arms.push_back(std::move(arm));
  }
}

}  // namespace

void build_job(const Value& document, const FormulaNames& names, const FormulaContext& context,
               PolicyDraft& draft, std::vector<Finding>& errors, std::vector<Finding>& notes) {
  auto& policy = draft.policy;
  JobBuilder builder(document, policy, errors);
  builder.read_times();
  builder.read_budget();
  builder.read_conditions(
      {policy.name, context.about, policy.kind, context.vocabulary, names.records}, notes);
  policy.job = std::move(builder).job();
}

}  // namespace homeostat::loader
