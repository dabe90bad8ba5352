// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/citus.hpp"

#include <algorithm>
#include <utility>

#include "policies/loader/nodes.hpp"

namespace homeostat::loader {
namespace {

const Pattern kTable{"[^.\\s\"]+\\.[^.\\s\"]+", "a table with its schema, such as public.plays"};

Shape placement_shape() {
  return {.name = "a rule of `placement`",
          .help = "Where shards may lie. No plan breaks a rule; one that cannot be kept stops all.",
          .keys = {{.name = "table",
                    .required = true,
                    .help = "A distributed table, SCHEMA.TABLE. What is colocated with it moves "
                            "with it.",
                    .pattern = kTable},
                   {.name = "keys",
                    .list = true,
                    .help = "Values of its distribution column: the rule is for their shards, and "
                            "whatever else these hold. Without it, for all of its shards."},
                   {.name = "nodes",
                    .list = true,
                    .required = true,
                    .help = "Those of postgres.nodes that they may lie on."}}};
}

Shape capacity_shape() {
  return {.name = "an entry of `capacity`",
          .help = "How much a node should hold beside one that is not listed.",
          .keys = {{.name = "node", .required = true, .help = "One of postgres.nodes."},
                   {.name = "capacity",
                    .type = Type::number,
                    .required = true,
                    .help = "2: twice as much.",
                    .range = between(0.01, 100)}}};
}

/// The list's texts, each once.
std::vector<std::string> texts_of(const Value& record, const std::string& key,
                                  std::vector<Finding>& errors) {
  std::vector<std::string> texts;
  const auto* const list = find(record, key);
  if (list == nullptr) return texts;
  for (const auto& entry : list->children) {
    const auto* const text = std::get_if<std::string>(&entry.scalar);
    if (text == nullptr) continue;
    if (std::find(texts.begin(), texts.end(), *text) != texts.end()) {
      errors.push_back({entry.place, "`" + *text + "` is there twice"});
      continue;
    }
    texts.push_back(*text);
  }
  return texts;
}

PlacementConfig read_rule(const Value& value, const std::vector<std::string>& nodes,
                          std::vector<Finding>& errors) {
  PlacementConfig rule;
  assign_text(rule.table, value, "table");
  rule.keys = texts_of(value, "keys", errors);
  rule.nodes = texts_of(value, "nodes", errors);
  for (const auto& node : rule.nodes) {
    is_one_of(nodes, node, "nodes", place_of(value, "nodes"), errors);
  }
  return rule;
}

}  // namespace

Shape citus_shape() {
  return {.name = "`citus`",
          .help = "The nodes form a Citus cluster, whose shards are measured.",
          .keys = {{.name = "coordinator",
                    .required = true,
                    .help = "One of postgres.nodes, which must have every node with shards."},
                   {.name = "capacity",
                    .type = Type::record,
                    .list = true,
                    .help = "Nodes that should hold more, or less, than the others.",
                    .may_be_empty = true,
                    .shapes = {capacity_shape()}},
                   {.name = "placement",
                    .type = Type::record,
                    .list = true,
                    .help = "Shards that may lie on some nodes only.",
                    .may_be_empty = true,
                    .shapes = {placement_shape()}},
                   {.name = "change_slots",
                    .list = true,
                    .help = "Logical replication slots of the nodes whose readers may get the rows "
                            "of a copied shard as new ones: with any other, none is copied there.",
                    .may_be_empty = true}}};
}

CitusConfig read_citus(const Value& value, const std::vector<std::string>& nodes,
                       std::vector<Finding>& errors) {
  CitusConfig citus;
  assign_text(citus.coordinator, value, "coordinator");
  is_one_of(nodes, citus.coordinator, "coordinator", place_of(value, "coordinator"), errors);
  if (const auto* const list = find(value, "capacity")) {
    for (const auto& entry : list->children) {
      std::string node;
      double capacity = 1;
      assign_text(node, entry, "node");
      assign<double>(capacity, entry, "capacity");
      if (!is_one_of(nodes, node, "node", place_of(entry, "node"), errors)) continue;
      if (!citus.capacity.emplace(node, capacity).second) {
        errors.push_back({place_of(entry, "node"), "node `" + node + "` is there twice"});
      }
    }
  }
  if (const auto* const list = find(value, "placement")) {
    for (const auto& entry : list->children) {
      citus.placement.push_back(read_rule(entry, nodes, errors));
    }
  }
  const auto slots = texts_of(value, "change_slots", errors);
  citus.change_slots.insert(slots.begin(), slots.end());
  return citus;
}

}  // namespace homeostat::loader
