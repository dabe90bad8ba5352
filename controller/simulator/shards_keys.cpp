// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/shards_keys.hpp"

#include <cstdint>
#include <utility>

namespace homeostat::loader {
namespace {

Key count(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::integer,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = between(2, 10'000)};
}

Key skew(std::string name, std::string help) {
  return {.name = std::move(name),
          .type = Type::number,
          .fallback = "0.8",
          .help = std::move(help),
          .range = between(0, 5)};
}

Key bytes(std::string name, std::string fallback, std::string help) {
  return {.name = std::move(name),
          .type = Type::bytes,
          .fallback = std::move(fallback),
          .help = std::move(help),
          .range = more_than(0)};
}

}  // namespace

Shape shards_shape() {
  return {.name = "`shards`",
          .help = "Shards that grow unevenly, and moves that take their time.",
          .keys = {count("nodes", "8", "How many nodes."),
                   count("shards", "128", "How many shards, at least one a node."),
                   bytes("bytes", "1TB", "Of all shards, in the beginning."),
                   skew("size_skew", "Zipf's exponent of their sizes; 0: all alike."),
                   skew("growth_skew", "Zipf's exponent of what each has in the growth."),
                   {.name = "growth_per_week",
                    .type = Type::share,
                    .fallback = "10%",
                    .help = "Of all shards, of what they began with.",
                    .range = between(0, 10)},
                   bytes("move_bytes_per_second", "100MB", "How fast one is moved.")}};
}

ShardsParameters read_shards(const Value& value, std::vector<Finding>& errors) {
  ShardsParameters plant;
  assign<std::int64_t>(plant.nodes, value, "nodes");
  assign<std::int64_t>(plant.shards, value, "shards");
  assign<std::int64_t>(plant.bytes, value, "bytes");
  assign<double>(plant.size_skew, value, "size_skew");
  assign<double>(plant.growth_skew, value, "growth_skew");
  assign<double>(plant.growth_per_week, value, "growth_per_week");
  assign<std::int64_t>(plant.move_bytes_per_second, value, "move_bytes_per_second");
  if (plant.shards < plant.nodes) {
    errors.push_back({place_of(value, "shards"), "`shards` is less than `nodes`"});
  }
  return plant;
}

}  // namespace homeostat::loader
