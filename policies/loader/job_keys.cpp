// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/job_keys.hpp"

#include <utility>

#include "policies/loader/condition_keys.hpp"
#include "policies/loader/time_intervals.hpp"

namespace homeostat::loader {
namespace {

constexpr double kThirtyDays = 30 * 86400.0;

/// A condition without a clear level: what a job does ends by itself.
Key condition(const Vocabulary& vocabulary, std::string name, std::string help) {
  auto key = condition_key(vocabulary, ConditionOf::alert);
  key.name = std::move(name);
  key.help = std::move(help);
  key.required = false;
  return key;
}

Shape budget_shape() {
  return {.name = "`budget`",
          .help = "What one part of a run may use before it is stopped, to go on later.",
          .keys = {{.name = "time",
                    .type = Type::duration,
                    .help = "How long it may run.",
                    .range = up_to(kThirtyDays)},
                   {.name = "bytes",
                    .type = Type::bytes,
                    .help = "How much it may move.",
                    .range = more_than(0)}},
          .rules = {{RuleKind::at_least_one, {"time", "bytes"}}}};
}

}  // namespace

std::vector<Key> job_keys(const Vocabulary& vocabulary) {
  return {
      time_intervals_key("windows", "When it may start; at any time when not given."),
      {.name = "at_most_every",
       .type = Type::duration,
       .help = "From one start to the next at least, unless it starts early.",
       .range = up_to(kTenYears)},
      condition(vocabulary, "when", "It starts only while this holds."),
      condition(vocabulary, "early",
                "It starts while this holds outside the windows, too, and before at_most_every."),
      {.name = "budget", .type = Type::record, .shapes = {budget_shape()}},
      {.name = "deadline",
       .type = Type::duration,
       .help = "A part is stopped this long after its start, whatever it has done by then.",
       .range = up_to(kThirtyDays)},
      time_intervals_key("resume", "When a run that was stopped goes on; `windows` by default."),
      {.name = "approval",
       .fallback = "auto",
       .help = "required: a person has to say yes to each run before it starts (`homeostat ack "
               "--policy NAME`).",
       .allowed = {{"auto", "required"}}},
      {.name = "cooldown",
       .type = Type::duration,
       .help = "From the end of a run to the start of the next at least.",
       .range = up_to(kTenYears)},
  };
}

std::vector<Rule> job_rules() {
  return {{RuleKind::at_least_one, {"windows", "when"}}, {RuleKind::needs, {"windows"}, "early"}};
}

}  // namespace homeostat::loader
