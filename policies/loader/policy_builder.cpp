// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/policy_builder.hpp"

#include <string>
#include <utility>

#include "policies/loader/canary_builder.hpp"
#include "policies/loader/condition_builder.hpp"
#include "policies/loader/escalation_builder.hpp"
#include "policies/loader/formula_builder.hpp"
#include "policies/loader/job_builder.hpp"
#include "policies/loader/ladder_builder.hpp"
#include "policies/loader/nearest.hpp"
#include "policies/loader/regulator_builder.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

class Builder {
 public:
  Builder(const Value& document, const Vocabulary& vocabulary, std::vector<Finding>& errors,
          std::vector<Finding>& notes)
      : document_(document), vocabulary_(vocabulary), errors_(errors), notes_(notes) {}

  PolicyDraft build();

 private:
  void read_head();
  void leave_out_without_lever();
  void leave_out_unmeasured();
  void read_subjects();
  void read_open();
  void read_growing(const Value& value, Duration& first, double& factor, Duration& max);
  void read_hold_and_restore();
  void read_expectation();
  void read_alert();
  void read_limits();
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }

  const Value& document_;
  const Vocabulary& vocabulary_;
  std::vector<Finding>& errors_;
  std::vector<Finding>& notes_;
  SubjectKind about_ = SubjectKind::cluster;
  FormulaNames names_;
  PolicyDraft draft_;
};

void Builder::read_head() {
  auto& policy = draft_.policy;
  assign_text(policy.name, document_, "policy");
  if (const auto* const name = find(document_, "policy")) {
    policy.place = name->key_place;
    if (policy.name == kGuardPolicy) {
      report(name->place,
             "`guard` is what the database's own guard acts as; expected another name");
    }
  }
  if (const auto* const kind = get<std::string>(document_, "kind")) {
    policy.kind = parse_policy_kind(*kind).value_or(policy.kind);
  }
  if (const auto* const mode = get<std::string>(document_, "mode")) {
    policy.mode = parse_mode(*mode).value_or(policy.mode);
  }
  assign_text(policy.description, document_, "description");
  assign_duration(policy.every, document_, "every");
  assign<std::int64_t>(policy.priority, document_, "priority");
  assign_duration(policy.climb_after, document_, "climb_after");
  if (const auto* const blockers = find(document_, "blocked_while")) {
    for (const auto& blocker : blockers->children) {
      policy.blocked_while.push_back(std::get<std::string>(blocker.scalar));
      draft_.blocker_places.push_back(blocker.place);
    }
  }
}

/// A job of which nothing here can be the target: shipped policies are about more than every site
/// has.
void Builder::leave_out_without_lever() {
  const auto* const run = find(document_, "run");
  const auto* const name = run == nullptr ? nullptr : get<std::string>(*run, "lever");
  if (name == nullptr) return;
  const auto lever = vocabulary_.levers.find(*name);
  if (lever == vocabulary_.levers.end() || !lever->second.targets.empty()) return;
  notes_.push_back(
      {place_of(*run, "lever"),
       "policy `" + draft_.policy.name + "` is left out: lever `" + *name +
           "` has nothing to act on here" +
           (lever->second.inventory.empty() ? std::string{}
                                            : ", for it needs `" + lever->second.inventory + "`")});
  draft_.left_out = true;
}

/// The inventory's subjects of the wanted kind. Labels are few yet: a subject has only its name.
void Builder::read_subjects() {
  leave_out_without_lever();
  const auto* const kind = get<std::string>(document_, "for_each");
  if (kind == nullptr) return;
  about_ = parse_subject_kind(*kind).value_or(SubjectKind::cluster);
  const auto* const select = find(document_, "select");
  if (about_ == SubjectKind::cluster) {
    if (select != nullptr) {
      report(select->key_place, "`select` needs `for_each`; there is only one cluster");
    }
    return;
  }
  const auto listed = vocabulary_.subjects.find(about_);
  auto subjects = listed == vocabulary_.subjects.end() ? std::vector<Subject>{} : listed->second;
  // Shipped policies are about more than every site has.
  if (subjects.empty()) {
    notes_.push_back({place_of(document_, "for_each"),
                      "policy `" + draft_.policy.name + "` is left out: `for_each` is `" + *kind +
                          "`, and no " + *kind + " is configured"});
    draft_.left_out = true;
    return;
  }
  if (const auto* const wanted = select == nullptr ? nullptr : get<std::string>(*select, "name")) {
    std::vector<std::string> names;
    for (const auto& subject : subjects) names.push_back(subject.name);
    std::erase_if(subjects, [wanted](const Subject& subject) { return subject.name != *wanted; });
    if (subjects.empty()) {
      report(place_of(*select, "name"), "`select` matches nothing: there is no " + *kind + " `" +
                                            *wanted + "`; " + suggestion(*wanted, names));
    }
  }
  draft_.policy.subjects = std::move(subjects);
}

/// A zone has locks of its own on Citus alone: elsewhere nobody can judge a zone by them.
void Builder::leave_out_unmeasured() {
  const auto* const open = find(document_, "open");
  if (open == nullptr) return;
  const ConditionContext context{draft_.policy.name, about_, draft_.policy.kind, vocabulary_,
                                 names_.records};
  if (!measured_elsewhere(*open, context)) return;
  notes_.push_back(
      {open->key_place, "policy `" + draft_.policy.name +
                            "` is left out: what it is about is not measured of each " +
                            std::string(to_text(about_)) + " here" +
                            (about_ == SubjectKind::zone
                                 ? ": that takes several zones on some worker of Citus, as `zones: "
                                   "auto` makes them, and none on its coordinator"
                                 : "")});
  draft_.left_out = true;
}

void Builder::read_open() {
  const auto* const open = find(document_, "open");
  if (open == nullptr) return;
  const ConditionContext context{draft_.policy.name, about_, draft_.policy.kind, vocabulary_,
                                 names_.records};
  draft_.policy.open = build_condition(*open, context, errors_, notes_);
}

void Builder::read_growing(const Value& value, Duration& first, double& factor, Duration& max) {
  assign_duration(first, value, "first");
  assign<double>(factor, value, "factor");
  assign_duration(max, value, "max");
  if (max >= first) return;
  const auto* const written = find(value, "max");
  const bool max_written = written != nullptr && written->given;
  report(place_of(value, max_written ? "max" : "first"), "`max` is " + format_duration(max) +
                                                             "; expected at least `first` (" +
                                                             format_duration(first) + ")");
}

void Builder::read_hold_and_restore() {
  if (const auto* const value = find(document_, "hold")) {
    auto& hold = draft_.policy.hold;
    read_growing(*value, hold.first, hold.factor, hold.max);
  }
  if (const auto* const value = find(document_, "bench")) {
    auto& bench = draft_.policy.bench;
    read_growing(*value, bench.first, bench.factor, bench.max);
    assign<std::int64_t>(bench.tries, *value, "tries");
  }
  const auto* const value = find(document_, "restore");
  if (value == nullptr) return;
  auto& restore = draft_.policy.restore;
  assign_duration(restore.each, *value, "each");
  const auto* const steps = find(*value, "steps");
  if (steps == nullptr) return;
  restore.steps.clear();
  for (const auto& step : steps->children) {
    const double share = std::get<double>(step.scalar);
    if (!restore.steps.empty() && share <= restore.steps.back()) {
      report(step.place, "`steps` must rise; " + format_number(share * 100) + "% follows " +
                             format_number(restore.steps.back() * 100) + "%");
    }
    restore.steps.push_back(share);
  }
  if (!restore.steps.empty() && restore.steps.back() < 1) {
    report(steps->children.back().place,
           "the last of `steps` must be 100%: all service comes back");
  }
}

void Builder::read_expectation() {
  const auto* const value = find(document_, "expect");
  if (value == nullptr) return;
  Expectation expect;
  assign_text(expect.signal, *value, "signal");
  assign_duration(expect.within, *value, "within");
  for (const auto move :
       {ExpectedMove::falls_by, ExpectedMove::rises_by, ExpectedMove::above, ExpectedMove::below}) {
    const auto* const amount = get<double>(*value, to_text(move));
    if (amount == nullptr) continue;
    expect.move = move;
    expect.amount = *amount;
  }
  check_subject(*value, about_, vocabulary_, errors_);
  if (names_.recorded.contains(expect.signal)) {
    report(place_of(*value, "signal"),
           "`" + expect.signal + "` is a record; `expect` is about a signal");
  }
  const auto signal = vocabulary_.signals.find(expect.signal);
  if (signal != vocabulary_.signals.end() && !signal->second.provided_for(about_)) {
    notes_.push_back(
        {place_of(*value, "signal"), "policy `" + draft_.policy.name + "`: `expect` is dropped: " +
                                         unprovided(signal->second, expect.signal, about_)});
    return;
  }
  draft_.policy.expect = std::move(expect);
}

void Builder::read_alert() {
  const auto* const value = find(document_, "alert");
  if (value == nullptr) return;
  AlertSpec alert;
  assign_text(alert.severity, *value, "severity");
  assign_text(alert.runbook, *value, "runbook");
  const auto copy = [value](std::string_view key, std::map<std::string, std::string>& target) {
    const auto* const labels = find(*value, key);
    if (labels == nullptr) return;
    for (const auto& label : labels->children) {
      target[label.key] = std::get<std::string>(label.scalar);
    }
  };
  copy("labels", alert.labels);
  copy("annotations", alert.annotations);
  if (const auto* const labels = find(*value, "labels")) {
    for (const auto* const ours : {"alertname", "severity", "policy", "subject", "mode"}) {
      if (const auto* const label = find(*labels, ours)) {
        report(label->key_place, "label `" + std::string(ours) + "` is set by Homeostat itself");
      }
    }
  }
  draft_.policy.alert = std::move(alert);
}

void Builder::read_limits() {
  if (const auto* const value = find(document_, "limits")) {
    assign<std::int64_t>(draft_.policy.limits.per_hour, *value, "per_hour");
    assign<double>(draft_.policy.limits.max_subjects, *value, "max_subjects");
  }
}

PolicyDraft Builder::build() {
  read_head();
  read_subjects();
  if (draft_.left_out) return std::move(draft_);
  const FormulaContext formulas{about_, vocabulary_};
  names_ = read_formula_names(document_, formulas, errors_);
  leave_out_unmeasured();
  if (draft_.left_out) return std::move(draft_);
  read_open();
  read_hold_and_restore();
  read_expectation();
  read_alert();
  read_limits();
  build_ladder(document_, vocabulary_, draft_, errors_, notes_);
  build_escalation(document_, vocabulary_, draft_, errors_);
  if (draft_.policy.kind == PolicyKind::regulator) {
    build_regulator(document_, names_, formulas, draft_, errors_, notes_);
  }
  if (draft_.policy.kind == PolicyKind::job) {
    build_job(document_, names_, formulas, draft_, errors_, notes_);
  }
  build_canary(document_, draft_, errors_);
  return std::move(draft_);
}

}  // namespace

PolicyDraft build_policy(const Value& document, const Vocabulary& vocabulary,
                         std::vector<Finding>& errors, std::vector<Finding>& notes) {
  return Builder(document, vocabulary, errors, notes).build();
}

}  // namespace homeostat::loader
