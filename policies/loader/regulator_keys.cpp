// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/regulator_keys.hpp"

#include "policies/loader/condition_keys.hpp"

namespace homeostat::loader {
namespace {

Shape aimd_shape(const Vocabulary& vocabulary) {
  return {.name = "`aimd`",
          .help = "Cut by a factor when it is too much, grow by steps while it is not.",
          .keys = {condition_key(vocabulary, ConditionOf::aimd),
                   {.name = "cut",
                    .type = Type::share,
                    .fallback = "70%",
                    .help = "What a cut leaves of the value.",
                    .range = inside(0, 1)},
                   {.name = "grow",
                    .type = Type::share,
                    .fallback = "5%",
                    .help = "What a growth adds, as a share of the highest value.",
                    .range = up_to(1)},
                   {.name = "every",
                    .type = Type::duration,
                    .fallback = "3s",
                    .help = "Between two cuts, and before each growth: the delay of what measures.",
                    .range = up_to(86400)}}};
}

Shape bounds_shape() {
  return {.name = "`bounds`",
          .help = "Where the lever's value may stand, and how it moves.",
          .keys = {
              {.name = "min",
               .type = Type::amount,
               .required = true,
               .help = "The lowest value, in the unit of the lever's argument."},
              {.name = "max", .type = Type::amount, .required = true, .help = "The highest value."},
              {.name = "dead_band",
               .type = Type::share,
               .fallback = "0%",
               .help = "Smaller moves, as a share of the value that stands, are not made.",
               .range = {.min = 0, .max = 1, .max_open = true}},
              {.name = "max_step",
               .type = Type::amount,
               .help = "The most that one evaluation moves the value."}}};
}

}  // namespace

std::vector<Key> regulator_keys(const Vocabulary& vocabulary) {
  return {{.name = "to",
           .type = Type::formula,
           .help = "The value, as a formula over signals, `record` and `vars`."},
          {.name = "vars",
           .type = Type::formulas,
           .help = "Names in the formulas: each a number or the name of a signal.",
           .pattern = kFormulaName},
          {.name = "aimd", .type = Type::record, .shapes = {aimd_shape(vocabulary)}},
          {.name = "bounds", .type = Type::record, .required = true, .shapes = {bounds_shape()}}};
}

std::vector<Rule> regulator_rules() {
  // A formula has no condition that an alert could tell of.
  return {{RuleKind::exactly_one, {"to", "aimd"}}, {RuleKind::needs, {"aimd"}, "alert"}};
}

}  // namespace homeostat::loader
