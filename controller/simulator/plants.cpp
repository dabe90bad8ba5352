// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/plants.hpp"

#include <variant>

#include "controller/simulator/batch_consumer_keys.hpp"
#include "controller/simulator/lock_contention_keys.hpp"
#include "controller/simulator/lock_storm_keys.hpp"
#include "controller/simulator/shards_keys.hpp"
#include "controller/simulator/zones_keys.hpp"

namespace homeostat {
namespace {

enum Stream : std::uint64_t { plant_stream = 1 };

struct Maker {
  Random random;
  std::unique_ptr<Plant> operator()(const LockContentionParameters& parameters) const {
    return std::make_unique<LockContention>(parameters, random);
  }
  std::unique_ptr<Plant> operator()(const LockStormParameters& parameters) const {
    return std::make_unique<LockStorm>(parameters, random);
  }
  std::unique_ptr<Plant> operator()(const BatchConsumerParameters& parameters) const {
    return std::make_unique<BatchConsumer>(parameters, random);
  }
  std::unique_ptr<Plant> operator()(const ShardsParameters& parameters) const {
    return std::make_unique<Shards>(parameters, random);
  }
  std::unique_ptr<Plant> operator()(const ZonesParameters& parameters) const {
    return std::make_unique<Zones>(parameters, random);
  }
};

struct Kinds {
  std::vector<std::string> operator()(const LockContentionParameters& /*parameters*/) const {
    return {"row", "relation"};
  }
  std::vector<std::string> operator()(const LockStormParameters& /*parameters*/) const {
    return {"slow"};
  }
  std::vector<std::string> operator()(const BatchConsumerParameters& /*parameters*/) const {
    return {"cost"};
  }
  std::vector<std::string> operator()(const ShardsParameters& /*parameters*/) const {
    return {"growth", "locks"};
  }
  std::vector<std::string> operator()(const ZonesParameters& /*parameters*/) const {
    return {"zone", "node"};
  }
};

struct Worst {
  const std::string& kind;
  double operator()(const LockContentionParameters& /*parameters*/) const { return 0.99; }
  double operator()(const LockStormParameters& /*parameters*/) const { return 1; }
  double operator()(const BatchConsumerParameters& /*parameters*/) const { return 1e5; }
  double operator()(const ShardsParameters& /*parameters*/) const {
    return kind == "locks" ? 0.99 : 1000;
  }
  double operator()(const ZonesParameters& /*parameters*/) const { return 1; }
};

}  // namespace

std::unique_ptr<Plant> make_plant(const PlantParameters& parameters, std::uint64_t seed) {
  return std::visit(Maker{Random(seed, plant_stream)}, parameters);
}

std::vector<std::string> incident_kinds(const PlantParameters& parameters) {
  return std::visit(Kinds{}, parameters);
}

double worst_level(const PlantParameters& parameters, const std::string& kind) {
  return std::visit(Worst{kind}, parameters);
}

namespace loader {
namespace {

Key kind(std::string name, Shape shape) {
  return {.name = std::move(name), .type = Type::record, .shapes = {std::move(shape)}};
}

}  // namespace

Shape plant_shape() {
  return {.name = "`plant`",
          .help = "What is controlled: one kind, with its parameters.",
          .keys = {kind("lock_contention", lock_contention_shape()),
                   kind("lock_storm", lock_storm_shape()),
                   kind("batch_consumer", batch_consumer_shape()), kind("shards", shards_shape()),
                   kind("zones", zones_shape())},
          .rules = {{RuleKind::exactly_one,
                     {"lock_contention", "lock_storm", "batch_consumer", "shards", "zones"}}}};
}

std::optional<PlantParameters> read_plant(const Value& plant, std::vector<Finding>& errors) {
  if (const auto* const value = find(plant, "lock_contention")) {
    return read_lock_contention(*value, errors);
  }
  if (const auto* const value = find(plant, "lock_storm")) {
    return read_lock_storm(*value, errors);
  }
  if (const auto* const value = find(plant, "batch_consumer")) {
    return read_batch_consumer(*value, errors);
  }
  if (const auto* const value = find(plant, "shards")) return read_shards(*value, errors);
  if (const auto* const value = find(plant, "zones")) return read_zones(*value, errors);
  return std::nullopt;
}

}  // namespace loader
}  // namespace homeostat
