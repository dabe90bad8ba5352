// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/counters.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "policies/loader/nodes.hpp"

namespace homeostat::loader {

Key counters_key() {
  Shape counter{.name = "an entry of `counters`",
                .help =
                    "One counter, whose increments the application spreads over "
                    "homeostat.counter_slots(name) rows.",
                .keys = {{.name = "name",
                          .required = true,
                          .help = "As in homeostat.counter_slots(name): of one, whatever its zone.",
                          .pattern = kConfigName},
                         {.name = "slots",
                          .type = Type::integer,
                          .required = true,
                          .help = "Rows while the zone is limited.",
                          .range = between(2, 1024)},
                         {.name = "slots_at_rest",
                          .type = Type::integer,
                          .fallback = "1",
                          .help = "Rows otherwise; no more than `slots`.",
                          .range = between(1, 1024)},
                         {.name = "below",
                          .type = Type::integer,
                          .help = "Only a limit to fewer transactions counts; any when not given. "
                                  "A regulator's limit stands in calm times, too, at its upper "
                                  "bound.",
                          .range = between(2, 10'000)},
                         {.name = "hold",
                          .type = Type::duration,
                          .fallback = "10m",
                          .help = "How long a limit that was below `below` counts on while "
                                  "the zone is limited at all.",
                          .range = between(0, 86'400)}}};
  return {.name = "counters",
          .type = Type::record,
          .list = true,
          .help = "Hot counters that get more rows while a limit stands on this zone.",
          .may_be_empty = true,
          .shapes = {std::move(counter)}};
}

std::vector<CounterConfig> read_counters(const Value& zone, int speed_up,
                                         std::vector<Finding>& errors) {
  std::vector<CounterConfig> all;
  const auto* const written = find(zone, "counters");
  if (written == nullptr) return all;
  for (const auto& value : written->children) {
    CounterConfig counter;
    assign_text(counter.name, value, "name");
    assign<std::int64_t>(counter.slots, value, "slots");
    assign<std::int64_t>(counter.slots_at_rest, value, "slots_at_rest");
    if (const auto* const below = get<std::int64_t>(value, "below")) {
      counter.below = static_cast<int>(*below);
    }
    assign_duration(counter.hold, value, "hold");
    counter.hold /= speed_up;
    if (counter.slots_at_rest > counter.slots) {
      errors.push_back({place_of(value, "slots_at_rest"),
                        "`slots_at_rest` is " + std::to_string(counter.slots_at_rest) +
                            ": more than `slots`, " + std::to_string(counter.slots)});
    }
    const auto* const hold = find(value, "hold");
    if (hold != nullptr && hold->given && !counter.below) {
      errors.push_back({place_of(value, "hold"), "`hold` is nothing without `below`"});
    }
    all.push_back(std::move(counter));
  }
  return all;
}

void one_counter_each(const Value& zones, const std::vector<ZoneConfig>& read,
                      std::vector<Finding>& errors) {
  std::map<std::string, std::string> names;  // -> zone
  for (std::size_t i = 0; i < read.size(); ++i) {
    const auto* const written = find(zones.children[i], "counters");
    for (std::size_t j = 0; j < read[i].counters.size(); ++j) {
      const auto& name = read[i].counters[j].name;
      const auto [of, fresh] = names.emplace(name, read[i].name);
      if (fresh || name.empty()) continue;
      errors.push_back(
          {place_of(written->children[j], "name"),
           "counter `" + name + "` is there twice: in zone `" + of->second + "` already"});
    }
  }
}

}  // namespace homeostat::loader
