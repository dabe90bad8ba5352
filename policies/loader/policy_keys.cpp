// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/policy_keys.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "policies/loader/condition_keys.hpp"
#include "policies/loader/job_keys.hpp"
#include "policies/loader/regulator_keys.hpp"

namespace homeostat::loader {
namespace {

const Pattern kPolicyName{"[a-z][a-z0-9]*(-[a-z0-9]+)*",
                          "a name in lower case with dashes, such as lock-contention"};
const Pattern kLabelName{"[a-zA-Z_][a-zA-Z0-9_]*", "a name of letters, digits and `_`"};
const Pattern kSeverity{"[a-z][a-z0-9_-]*", "a word in lower case, such as page or warning"};

Key later(std::string name, std::string help) {
  return {.name = std::move(name), .help = std::move(help), .later = true};
}

Shape alert_shape() {
  return {.name = "`alert`",
          .help = "What is sent to Alertmanager while the policy's condition holds.",
          .keys = {{.name = "severity",
                    .fallback = "warning",
                    .help = "The label by which Alertmanager routes: page, warning …",
                    .pattern = kSeverity},
                   {.name = "labels",
                    .type = Type::labels,
                    .help = "More labels. They are part of the alert's identity.",
                    .pattern = kLabelName},
                   {.name = "annotations",
                    .type = Type::labels,
                    .help = "Texts for people.",
                    .pattern = kLabelName},
                   {.name = "runbook", .help = "Address of what to do about it."}}};
}

std::vector<Key> common_keys(const std::string& kind, const std::string& every = "30s") {
  return {
      {.name = "version",
       .type = Type::integer,
       .help = "Of the policy language. In a file's first document.",
       .range = between(1, 1)},
      {.name = "policy",
       .required = true,
       .help = "The policy's name, unique over all files.",
       .pattern = kPolicyName},
      {.name = "kind",
       .required = true,
       .help = "What the policy does when its condition holds.",
       .allowed = {{kind}}},
      {.name = "mode",
       .fallback = "shadow",
       .help =
           "shadow decides and journals, canary acts on a share and on more as it proves itself, "
           "enforce acts; capped by the daemon's mode_ceiling.",
       .allowed = {{"off", "shadow", "canary", "enforce"}}},
      {.name = "description", .help = "Why this policy exists; shown by `homeostat explain`."},
      {.name = "every",
       .type = Type::duration,
       .fallback = every,
       .help = "How often it is evaluated (at each fold while its detector is above zero).",
       .range = between(1, 86400)},
      {.name = "for_each",
       .fallback = "cluster",
       .help = "The kind of subject: the policy watches and acts on each by itself.",
       .allowed = {{"cluster", "node", "zone", "shard", "group", "view"}}},
      {.name = "select",
       .type = Type::labels,
       .help = "Only the subjects with these labels.",
       .allowed = {{"name"}}},
      {.name = "record",
       .type = Type::formulas,
       .help = "Named formulas over signals, for conditions and other formulas of this policy.",
       .pattern = kFormulaName},
  };
}

/// Of kinds that act: an alert tells whatever else is going on.
Key blocked_while_key() {
  return {.name = "blocked_while",
          .list = true,
          .help =
              "Policies that block this one while they are open or unknown. Their arms with "
              "max_rung ask for little and are left out.",
          .pattern = kPolicyName,
          .may_be_empty = true};
}

Key argument_key(const ArgumentDescription& argument) {
  Key key{.name = argument.name,
          .required = argument.required,
          .fallback = argument.fallback,
          .help = argument.help};
  switch (argument.type) {
    case ArgumentType::share:
      key.type = Type::share;
      key.range = between(0, 1);
      break;
    case ArgumentType::duration:
      key.type = Type::duration;
      key.range = up_to(kTenYears);
      break;
    case ArgumentType::number:
      key.type = Type::number;
      key.range = {argument.min, argument.max};
      break;
    case ArgumentType::text:
      key.type = Type::text;
      break;
  }
  return key;
}

Shape act_shape(const std::string& name, const LeverDescription& lever) {
  Key target{.name = "target", .help = "What is set; the policy's subject when not given."};
  if (!lever.targets.empty()) target.allowed = lever.targets;
  Shape shape{.name = "an act of lever `" + name + "`",
              .help = lever.help,
              .selector = {"lever", name},
              .keys = {{.name = "lever",
                        .required = true,
                        .help = "What kind of thing is set.",
                        .allowed = {{name}}},
                       target,
                       {.name = "ttl",
                        .type = Type::duration,
                        .fallback = "2m",
                        .help = "The lever falls back by itself this long after the last renewal.",
                        .range = between(1, 30 * 86400)},
                       later("scope", "subject or cluster.")}};
  for (const auto& argument : lever.arguments) shape.keys.push_back(argument_key(argument));
  return shape;
}

/// `set`: the act of a regulator, without the argument that it computes.
Key set_key(const Vocabulary& vocabulary) {
  Key set{.name = "set",
          .type = Type::record,
          .required = true,
          .help = "The lever whose value is computed, and its other arguments."};
  for (const auto& [name, lever] : vocabulary.levers) {
    if (!lever.regulated) continue;
    auto shape = act_shape(name, lever);
    std::erase_if(shape.keys, [&](const Key& key) { return key.name == lever.regulated->name; });
    set.shapes.push_back(std::move(shape));
  }
  return set;
}

Key ladder_key(const Vocabulary& vocabulary) {
  Key ladder{.name = "ladder",
             .type = Type::record,
             .list = true,
             .required = true,
             .help = "What is done, one rung at a time, the first first."};
  for (const auto& [name, lever] : vocabulary.levers) {
    if (!lever.traits.runs_job) ladder.shapes.push_back(act_shape(name, lever));
  }
  return ladder;
}

/// `run`: the act of a job.
Key run_key(const Vocabulary& vocabulary) {
  Key run{.name = "run",
          .type = Type::record,
          .required = true,
          .help = "The lever that runs the job, and its arguments."};
  for (const auto& [name, lever] : vocabulary.levers) {
    if (lever.traits.runs_job) run.shapes.push_back(act_shape(name, lever));
  }
  return run;
}

Shape hold_shape() {
  return {.name = "`hold`",
          .help = "How long the breaker stays open at least: doubled with each re-opening.",
          .keys = {{.name = "first",
                    .type = Type::duration,
                    .fallback = "60s",
                    .help = "The first time.",
                    .range = up_to(86400)},
                   {.name = "factor",
                    .type = Type::number,
                    .fallback = "2",
                    .help = "Each further time this much longer.",
                    .range = between(1, 10)},
                   {.name = "max",
                    .type = Type::duration,
                    .fallback = "8m",
                    .help = "Never longer than this.",
                    .range = up_to(86400)}}};
}

Shape bench_shape() {
  return {.name = "`bench`",
          .help =
              "How long a rung that `expect` found ineffective is passed over; one that did harm "
              "for the longest time.",
          .keys = {{.name = "first",
                    .type = Type::duration,
                    .fallback = "15m",
                    .help = "The first time.",
                    .range = up_to(604800)},
                   {.name = "factor",
                    .type = Type::number,
                    .fallback = "2",
                    .help = "Each further time in a row this much longer.",
                    .range = between(1, 10)},
                   {.name = "max",
                    .type = Type::duration,
                    .fallback = "4h",
                    .help = "Never longer than this.",
                    .range = up_to(604800)},
                   {.name = "tries",
                    .type = Type::integer,
                    .fallback = "3",
                    .help = "Ineffective as often in a row: for `max`.",
                    .range = between(1, 100)}}};
}

Shape canary_step_shape() {
  return {.name = "a step of `canary`",
          .keys = {{.name = "share",
                    .type = Type::share,
                    .required = true,
                    .help = "Acted on; the rest is left alone, and judges it.",
                    .range = {0.0, 0.5, true, true}},
                   {.name = "for",
                    .type = Type::duration,
                    .required = true,
                    .help = "The least time on this step.",
                    .range = up_to(kTenYears)}}};
}

Shape canary_shape() {
  return {.name = "`canary`",
          .help = "How mode canary goes from a small share to everything.",
          .keys = {{.name = "steps",
                    .type = Type::record,
                    .list = true,
                    .help = "Rising shares, and how long each at least: 1% for 24h and 15% for 24h "
                            "when not given. After the last, everything is acted on.",
                    .shapes = {canary_step_shape()}},
                   {.name = "min_acts",
                    .type = Type::integer,
                    .fallback = "3",
                    .help = "Acts judged on a step before it is left, however long it takes.",
                    .range = between(1, 1000)},
                   {.name = "most_failed",
                    .type = Type::share,
                    .fallback = "20%",
                    .help = "Share of them that may be needless or ineffective.",
                    .range = {0.0, 1.0, false, true}}}};
}

Shape restore_shape() {
  return {.name = "`restore`",
          .help = "How service comes back: the last rung first, the first rung in steps.",
          .keys = {{.name = "steps",
                    .type = Type::share,
                    .list = true,
                    .fallback = "5%, 25%, 100%",
                    .help = "Shares of service given back, rising; the last is 100%.",
                    .range = up_to(1)},
                   {.name = "each",
                    .type = Type::duration,
                    .fallback = "30s",
                    .help = "Healthy for this long before the next step or rung.",
                    .range = up_to(86400)}}};
}

Shape expect_shape(const Vocabulary& vocabulary) {
  const std::string of_before = " as a share of what it was before the act.";
  return {.name = "`expect`",
          .help = "What the policy's acts should bring about, recorded for each.",
          .keys = {signal_key(vocabulary, "What should move."),
                   {.name = "falls_by",
                    .type = Type::share,
                    .help = "How far," + of_before,
                    .range = up_to(1)},
                   {.name = "rises_by",
                    .type = Type::share,
                    .help = "How far," + of_before,
                    .range = up_to(1)},
                   {.name = "above", .type = Type::number, .help = "The level to be above."},
                   {.name = "below", .type = Type::number, .help = "The level to be below."},
                   {.name = "within",
                    .type = Type::duration,
                    .required = true,
                    .help = "By when, from the act.",
                    .range = up_to(86400)}},
          .rules = {{RuleKind::exactly_one, {"falls_by", "rises_by", "above", "below"}}}};
}

Shape limits_shape() {
  return {
      .name = "`limits`",
      .help = "How much the policy may do.",
      .keys = {{.name = "per_hour",
                .type = Type::integer,
                .fallback = "6",
                .help = "Rungs climbed, or jobs started, in an hour; the way back never counts.",
                .range = between(1, 1000)},
               {.name = "max_subjects",
                .type = Type::share,
                .fallback = "25%",
                .help = "Share of its subjects open at once, rounded up, never below one.",
                .range = up_to(1)}}};
}

Key priority_key() {
  return {.name = "priority",
          .type = Type::integer,
          .fallback = "0",
          .help = "The higher wins where two policies want one target and admit the same.",
          .range = between(-1000, 1000)};
}

Shape escalate_shape() {
  return {.name = "`escalate`",
          .help = "When enough zones of a node are open, the node is acted on instead of each.",
          .keys = {{.name = "to",
                    .required = true,
                    .help = "What holds the subjects.",
                    .allowed = {{"node"}}},
                   {.name = "at",
                    .type = Type::share,
                    .required = true,
                    .help = "Share of one node's zones that is open.",
                    .range = up_to(1)}}};
}

Shape breaker_shape(const Vocabulary& vocabulary) {
  Shape shape{.name = "a policy of kind breaker",
              .help = "Opens when its condition holds, climbs its ladder, restores in steps.",
              .selector = {"kind", "breaker"},
              .keys = common_keys("breaker")};
  const std::vector<Key> own{
      condition_key(vocabulary, ConditionOf::breaker),
      ladder_key(vocabulary),
      blocked_while_key(),
      {.name = "climb_after",
       .type = Type::duration,
       .fallback = "30s",
       .help = "The next rung, when the one before has not helped for this long.",
       .range = up_to(86400)},
      {.name = "hold", .type = Type::record, .filled = true, .shapes = {hold_shape()}},
      {.name = "restore", .type = Type::record, .filled = true, .shapes = {restore_shape()}},
      {.name = "expect", .type = Type::record, .shapes = {expect_shape(vocabulary)}},
      {.name = "bench", .type = Type::record, .filled = true, .shapes = {bench_shape()}},
      {.name = "canary", .type = Type::record, .filled = true, .shapes = {canary_shape()}},
      {.name = "limits", .type = Type::record, .filled = true, .shapes = {limits_shape()}},
      priority_key(),
      {.name = "alert", .type = Type::record, .shapes = {alert_shape()}},
      {.name = "escalate", .type = Type::record, .shapes = {escalate_shape()}},
  };
  shape.keys.insert(shape.keys.end(), own.begin(), own.end());
  return shape;
}

Shape alert_policy_shape(const Vocabulary& vocabulary) {
  Shape shape{.name = "a policy of kind alert",
              .help = "Tells, and acts on nothing.",
              .selector = {"kind", "alert"},
              .keys = common_keys("alert")};
  shape.keys.push_back(condition_key(vocabulary, ConditionOf::alert));
  shape.keys.push_back(
      {.name = "alert", .type = Type::record, .required = true, .shapes = {alert_shape()}});
  return shape;
}

Shape regulator_shape(const Vocabulary& vocabulary) {
  Shape shape{.name = "a policy of kind regulator",
              .help = "Keeps one value of a lever where a formula or AIMD says.",
              .selector = {"kind", "regulator"},
              .keys = common_keys("regulator", "1s"),
              .rules = regulator_rules()};
  shape.keys.push_back(set_key(vocabulary));
  for (auto& key : regulator_keys(vocabulary)) shape.keys.push_back(std::move(key));
  shape.keys.push_back(blocked_while_key());
  shape.keys.push_back(priority_key());
  shape.keys.push_back({.name = "alert", .type = Type::record, .shapes = {alert_shape()}});
  return shape;
}

Shape job_shape(const Vocabulary& vocabulary) {
  Shape shape{.name = "a policy of kind job",
              .help = "Starts work at its time, stops it at its budget, and lets it go on later.",
              .selector = {"kind", "job"},
              .keys = common_keys("job"),
              .rules = job_rules()};
  shape.keys.push_back(run_key(vocabulary));
  for (auto& key : job_keys(vocabulary)) shape.keys.push_back(std::move(key));
  const std::vector<Key> shared{
      blocked_while_key(),
      {.name = "expect", .type = Type::record, .shapes = {expect_shape(vocabulary)}},
      {.name = "limits", .type = Type::record, .filled = true, .shapes = {limits_shape()}},
      priority_key(),
      {.name = "alert", .type = Type::record, .shapes = {alert_shape()}},
  };
  shape.keys.insert(shape.keys.end(), shared.begin(), shared.end());
  return shape;
}

/// The place of a kind to come: its keys are known, so that they can be named.
Shape kind_to_come(const std::string& kind, const std::vector<std::string>& keys) {
  Shape shape{.name = "a policy of kind " + kind,
              .selector = {"kind", kind},
              .later = true,
              .keys = common_keys(kind)};
  shape.keys.push_back(blocked_while_key());
  for (const auto& key : keys) shape.keys.push_back(later(key, ""));
  return shape;
}

}  // namespace

std::vector<Shape> policy_shapes(const Vocabulary& vocabulary) {
  const bool regulates = std::any_of(vocabulary.levers.begin(), vocabulary.levers.end(),
                                     [](const auto& lever) { return lever.second.regulated; });
  const bool runs_jobs =
      std::any_of(vocabulary.levers.begin(), vocabulary.levers.end(),
                  [](const auto& lever) { return lever.second.traits.runs_job; });
  return {breaker_shape(vocabulary), alert_policy_shape(vocabulary),
          regulates ? regulator_shape(vocabulary)
                    : kind_to_come("regulator", {"set", "to", "vars", "aimd", "bounds"}),
          runs_jobs
              ? job_shape(vocabulary)
              : kind_to_come("job", {"windows", "at_most_every", "when", "early", "run", "budget",
                                     "deadline", "resume", "approval", "cooldown"})};
}

}  // namespace homeostat::loader
