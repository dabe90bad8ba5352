// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/lock_contention_keys.hpp"

#include <cstdint>
#include <utility>

namespace homeostat::loader {
namespace {

Key count(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::integer,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(0, 10'000)};
}

Key share(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::share,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = {0.0, 1.0, false, true}};
}

Key wait(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::duration,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(0.1, 600)};
}

Shape sheddable_shape() {
  return {.name = "`sheddable`",
          .help = "What each class has in the transactions that begin to wait.",
          .keys = {share("rebuildable", "25%", "Of class/rebuildable."),
                   share("batch", "25%", "Of class/batch."),
                   share("non_critical", "15%", "Of class/non_critical.")}};
}

}  // namespace

Shape lock_contention_shape() {
  return {.name = "`lock_contention`",
          .help = "Transactions that wait for locks, of those that are open.",
          .keys = {count("least_open", "6", "Open transactions wander between this …"),
                   count("most_open", "24", "… and this."),
                   wait("load_memory", "10s", "In which they forget where they were."),
                   share("base_ratio", "7%", "Share that waits while nothing is wrong."),
                   wait("wait", "1s", "Mean of one wait."),
                   {.name = "convoys_per_hour",
                    .type = Type::number,
                    .fallback = "200",
                    .help = "How often several begin to wait at once.",
                    .range = between(0, 3600)},
                   share("convoy_share", "16%", "Of open transactions in a convoy, at most."),
                   wait("convoy_wait", "3s", "Mean of a convoy."),
                   {.name = "sheddable",
                    .type = Type::record,
                    .filled = true,
                    .shapes = {sheddable_shape()}}}};
}

LockContentionParameters read_lock_contention(const Value& value, std::vector<Finding>& errors) {
  LockContentionParameters plant;
  assign<std::int64_t>(plant.least_open, value, "least_open");
  assign<std::int64_t>(plant.most_open, value, "most_open");
  assign_duration(plant.load_memory, value, "load_memory");
  assign<double>(plant.base_ratio, value, "base_ratio");
  assign_duration(plant.wait, value, "wait");
  assign<double>(plant.convoys_per_hour, value, "convoys_per_hour");
  assign<double>(plant.convoy_share, value, "convoy_share");
  assign_duration(plant.convoy_wait, value, "convoy_wait");
  if (plant.least_open > plant.most_open) {
    errors.push_back({place_of(value, "least_open"), "`least_open` is more than `most_open`"});
  }
  const auto* const sheddable = find(value, "sheddable");
  if (sheddable == nullptr) return plant;
  assign<double>(plant.rebuildable, *sheddable, "rebuildable");
  assign<double>(plant.batch, *sheddable, "batch");
  assign<double>(plant.non_critical, *sheddable, "non_critical");
  if (plant.rebuildable + plant.batch + plant.non_critical > 1) {
    errors.push_back({place_of(value, "sheddable"), "the shares of `sheddable` exceed 100 %"});
  }
  return plant;
}

}  // namespace homeostat::loader
