// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/condition_keys.hpp"

#include <utility>

namespace homeostat::loader {
namespace {

Shape prior_shape() {
  return {.name = "`prior`",
          .help = "Few transactions are shrunk towards this, not ignored.",
          .keys = {{.name = "weight",
                    .type = Type::number,
                    .fallback = "4",
                    .help = "Transactions' worth of prior in each reading.",
                    .range = more_than(0)},
                   {.name = "ratio",
                    .type = Type::number,
                    .fallback = "0.08",
                    .help = "The ratio that an idle system is taken to have.",
                    .range = between(0, 1)}}};
}

Shape cusum_shape() {
  return {
      .name = "`cusum`",
      .help = "Accumulates the excess over `ref` at each fold; for ratios.",
      .keys = {{.name = "ref",
                .type = Type::number,
                .required = true,
                .help = "The ratio that is still normal.",
                .range = inside(0, 1)},
               {.name = "trip",
                .type = Type::number,
                .required = true,
                .help = "Trips at this sum.",
                .range = more_than(0)},
               {.name = "step_cap",
                .type = Type::number,
                .fallback = "0.15",
                .help = "The most that one fold adds, so that a blip cannot trip.",
                .range = up_to(1)},
               {.name = "prior", .type = Type::record, .filled = true, .shapes = {prior_shape()}}}};
}

Shape trend_shape() {
  return {.name = "`trend`",
          .help = "How far a gauge or counter rises within a window of folds.",
          .keys = {{.name = "rises",
                    .type = Type::number,
                    .required = true,
                    .help = "Breached by a rise of at least so much.",
                    .range = more_than(0)},
                   {.name = "over",
                    .type = Type::duration,
                    .required = true,
                    .help = "The window: how long the rise may have taken.",
                    .range = between(10, 86400)}}};
}

std::vector<Key> test_keys() {
  return {
      {.name = "above", .type = Type::number, .help = "Breached above this level."},
      {.name = "below", .type = Type::number, .help = "Breached below this level."},
      {.name = "cusum", .type = Type::record, .shapes = {cusum_shape()}},
      {.name = "trend", .type = Type::record, .shapes = {trend_shape()}},
      {.name = "absent_for",
       .type = Type::duration,
       .help = "Breached when nothing could be read for this long; clear when something can.",
       .range = between(1, 30 * 86400)},
      {.name = "for",
       .type = Type::duration,
       .help = "Breached without a break for this long.",
       .range = up_to(30 * 86400)},
      {.name = "for_samples",
       .type = Type::integer,
       .fallback = "2",
       .help = "Breached at this many evaluations in a row.",
       .range = between(1, 1000)},
      {.name = "clear_below", .type = Type::number, .help = "Clear again below this level."},
      {.name = "clear_above", .type = Type::number, .help = "Clear again above this level."},
      {.name = "clear_for",
       .type = Type::duration,
       .fallback = "60s",
       .help = "Clear only when it has been for this long.",
       .range = between(0, 86400)},
      {.name = "smooth",
       .type = Type::duration,
       .help = "Time constant of a moving average (EWMA) over the readings.",
       .range = up_to(86400)},
      {.name = "agg",
       .help =
           "How several subjects become one; by default ratios pool, and gauges take the worst: "
           "the highest, or with `below` the lowest.",
       .allowed = {{"max", "min", "sum"}}},
  };
}

Shape simple_shape(const Vocabulary& vocabulary, ConditionOf of) {
  Shape shape{
      .name = "this condition",
      .help = "One signal and one test.",
      .keys = {signal_key(vocabulary, "What is measured: a signal, or a name of `record`.")}};
  shape.keys.front().records = kFormulaName;
  for (auto& key : test_keys()) shape.keys.push_back(std::move(key));
  shape.rules = {{RuleKind::exactly_one, {"above", "below", "cusum", "trend", "absent_for"}},
                 {RuleKind::at_most_one, {"for", "for_samples"}},
                 {RuleKind::needs, {"for"}, "trend"},
                 {RuleKind::needs, {"above", "below", "trend"}, "for"},
                 {RuleKind::needs, {"above", "below"}, "for_samples"},
                 {RuleKind::needs, {"above", "below"}, "smooth"},
                 {RuleKind::needs, {"above", "cusum", "trend"}, "clear_below"},
                 {RuleKind::needs, {"below"}, "clear_above"}};
  if (of == ConditionOf::aimd) {
    std::erase_if(shape.keys, [](const Key& key) {
      return key.name == "cusum" || key.name == "trend" || key.name == "absent_for" ||
             key.name == "clear_for";
    });
    shape.rules = {{RuleKind::exactly_one, {"above", "below"}},
                   {RuleKind::at_most_one, {"for", "for_samples"}},
                   {RuleKind::exactly_one, {"clear_below", "clear_above"}},
                   {RuleKind::needs, {"above"}, "clear_below"},
                   {RuleKind::needs, {"below"}, "clear_above"}};
    return shape;
  }
  if (of == ConditionOf::alert) {
    shape.rules.push_back({RuleKind::at_most_one, {"clear_below", "clear_above"}});
    return shape;
  }
  shape.rules.push_back({.kind = RuleKind::exactly_one,
                         .keys = {"clear_below", "clear_above"},
                         .unless = "absent_for"});
  shape.keys.push_back({.name = "max_rung",
                        .type = Type::integer,
                        .help = "This condition alone never climbs higher.",
                        .range = between(1, 100)});
  shape.keys.push_back({.name = "max_open",
                        .type = Type::duration,
                        .help = "Tripped for longer than this, it is ignored until it was clear.",
                        .range = up_to(30 * 86400)});
  return shape;
}

Shape group_shape(const std::string& name, const std::string& help, const Shape& simple) {
  return {.name = "`" + name + "`",
          .help = help,
          .selector = {name, ""},
          .keys = {{.name = name,
                    .type = Type::record,
                    .list = true,
                    .required = true,
                    .help = help,
                    .shapes = {simple}}}};
}

}  // namespace

Key signal_key(const Vocabulary& vocabulary, std::string help) {
  std::vector<std::string> names;
  for (const auto& [name, description] : vocabulary.signals) names.push_back(name);
  return {.name = "signal", .required = true, .help = std::move(help), .allowed = names};
}

Key condition_key(const Vocabulary& vocabulary, ConditionOf of) {
  const auto simple = simple_shape(vocabulary, of);
  if (of == ConditionOf::aimd) {
    return {.name = "over",
            .type = Type::record,
            .required = true,
            .help = "Cuts while this is true, grows while it is clear.",
            .shapes = {simple}};
  }
  return {.name = "open",
          .type = Type::record,
          .required = true,
          .help = "The condition: one test, or `any:` or `all:` of several.",
          .shapes = {group_shape("any", "One of these is enough.", simple),
                     group_shape("all", "All of these at once.", simple), simple}};
}

}  // namespace homeostat::loader
