// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/batch_consumer_keys.hpp"

#include <cstdint>
#include <utility>

#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

Key cost(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::number,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = up_to(10)};
}

Shape phase_shape() {
  return {.name = "a phase",
          .help = "Events arrive at this rate for this long.",
          .keys = {{.name = "for",
                    .type = Type::duration,
                    .required = true,
                    .help = "How long.",
                    .range = between(1, 31 * 86'400.0)},
                   {.name = "events_per_second",
                    .type = Type::number,
                    .required = true,
                    .help = "The rate.",
                    .range = between(0, 1e6)}}};
}

}  // namespace

Shape batch_consumer_shape() {
  return {
      .name = "`batch_consumer`",
      .help = "A consumer that writes events in batches, each of which costs something.",
      .keys = {{.name = "phases",
                .type = Type::record,
                .list = true,
                .required = true,
                .help = "At what rate events arrive; after the last comes the first again.",
                .shapes = {phase_shape()}},
               cost("batch_seconds", "0.002", "What a batch costs, whatever its size."),
               cost("event_seconds", "0.000006", "What each event adds."),
               {.name = "utilisation",
                .type = Type::share,
                .fallback = "80%",
                .help = "Of its time, that a batch called efficient leaves it busy.",
                .range = inside(0, 1)},
               {.name = "non_critical_share",
                .type = Type::share,
                .fallback = "0%",
                .help = "Of the events, that is made only while class/non_critical is admitted.",
                .range = between(0, 1)},
               {.name = "window",
                .type = Type::duration,
                .fallback = "0s",
                .help = "Its own, while the lever is not set.",
                .range = between(0, 60)},
               {.name = "drain_limit",
                .type = Type::integer,
                .fallback = "500",
                .help = "Events that a batch takes at most, while the lever is not set.",
                .range = between(1, 1'000'000)}}};
}

BatchConsumerParameters read_batch_consumer(const Value& value, std::vector<Finding>& errors) {
  BatchConsumerParameters plant;
  assign<double>(plant.batch_seconds, value, "batch_seconds");
  assign<double>(plant.event_seconds, value, "event_seconds");
  assign<double>(plant.utilisation, value, "utilisation");
  assign<double>(plant.non_critical_share, value, "non_critical_share");
  assign_duration(plant.window, value, "window");
  assign<std::int64_t>(plant.drain_limit, value, "drain_limit");
  if (const auto* const phases = find(value, "phases")) {
    plant.phases.clear();
    for (const auto& written : phases->children) {
      auto& phase = plant.phases.emplace_back();
      assign_duration(phase.length, written, "for");
      assign<double>(phase.events_per_second, written, "events_per_second");
      const double work = phase.events_per_second * plant.event_seconds;
      if (work < 1) continue;
      errors.push_back({place_of(written, "events_per_second"),
                        "events alone would keep the consumer busy for " + format_number(work) +
                            " of its time (`events_per_second` times `event_seconds`); expected "
                            "less than 1"});
    }
  }
  return plant;
}

}  // namespace homeostat::loader
