// SPDX-License-Identifier: Apache-2.0
// JSON Schema (draft 2020-12) from the table of keys.
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "policies/loader/config_keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/policy_keys.hpp"
#include "policies/loader/read_scalar.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace loader {
namespace {

using nlohmann::json;

json schema_of(const std::vector<Shape>& shapes);

/// Whole numbers without a decimal point.
json number(double value) {
  const auto whole = static_cast<std::int64_t>(value);
  return static_cast<double>(whole) == value ? json(whole) : json(value);
}

json numeric(const char* type, const Range& range) {
  json schema{{"type", type}};
  if (range.min) schema[range.min_open ? "exclusiveMinimum" : "minimum"] = number(*range.min);
  if (range.max) schema[range.max_open ? "exclusiveMaximum" : "maximum"] = number(*range.max);
  return schema;
}

json whole_text(const Pattern& pattern) {
  return {{"type", "string"},
          {"pattern", "^(?:" + pattern.regex + ")$"},
          {"maxLength", kLongestPatterned}};
}

json schema_of_text(const Key& key) {
  if (key.allowed && key.records) {
    const json names{{"enum", *key.allowed}};
    return {{"type", "string"}, {"anyOf", json::array({names, whole_text(*key.records)})}};
  }
  if (key.allowed) return {{"type", "string"}, {"enum", *key.allowed}};
  if (key.pattern) return whole_text(*key.pattern);
  return {{"type", "string"}, {"minLength", 1}};
}

json schema_of_labels(const Key& key) {
  json names{{"type", "string"}};
  if (key.allowed) names = {{"enum", *key.allowed}};
  if (key.pattern) names = whole_text(*key.pattern);
  return {{"type", "object"},
          {"propertyNames", names},
          {"additionalProperties", {{"type", "string"}, {"minLength", 1}}}};
}

/// A number is a formula as well.
json formula_schema() { return {{"type", json::array({"string", "number"})}, {"minLength", 1}}; }

json schema_of_formulas(const Key& key) {
  json schema{{"type", "object"}, {"additionalProperties", formula_schema()}};
  if (key.pattern) schema["propertyNames"] = whole_text(*key.pattern);
  return schema;
}

json schema_of_records(const Key& key) {
  json schema{{"type", "object"}, {"additionalProperties", schema_of(key.shapes)}};
  if (key.pattern) schema["propertyNames"] = whole_text(*key.pattern);
  return schema;
}

json schema_of_one(const Key& key) {
  switch (key.type) {
    case Type::text:
      return schema_of_text(key);
    case Type::boolean:
      return {{"type", "boolean"}};
    case Type::integer:
      return numeric("integer", key.range);
    case Type::number:
      return numeric("number", key.range);
    case Type::share: {
      const json percent{{"type", "string"}, {"pattern", kPercentPattern}};
      return {{"anyOf", json::array({percent, numeric("number", key.range)})}};
    }
    case Type::duration:
      return {{"type", "string"}, {"pattern", kDurationPattern}};
    case Type::bytes:
      return {{"type", "string"}, {"pattern", kBytesPattern}};
    case Type::amount: {
      const json duration{{"type", "string"}, {"pattern", kDurationPattern}};
      const json percent{{"type", "string"}, {"pattern", kPercentPattern}};
      return {{"anyOf", json::array({duration, percent, numeric("number", key.range)})}};
    }
    case Type::formula:
      return formula_schema();
    case Type::formulas:
      return schema_of_formulas(key);
    case Type::labels:
      return schema_of_labels(key);
    case Type::records:
      return schema_of_records(key);
    case Type::record:
      break;
  }
  return schema_of(key.shapes);
}

json default_of(const YamlNode& node, const Key& key) {
  if (key.type == Type::boolean) return node.text == "true";
  if (key.type == Type::integer || key.type == Type::number) {
    return number(parse_number(node.text).value_or(0));
  }
  return node.text;
}

json schema_of(const Key& key) {
  auto schema = schema_of_one(key);
  if (key.list) {
    schema = {{"type", "array"}, {"items", schema}};
    if (!key.may_be_empty) schema["minItems"] = 1;
    if (!key.word.empty()) schema = {{"anyOf", {json{{"const", key.word}}, schema}}};
  }
  if (!key.help.empty()) schema["description"] = key.help;
  if (key.fallback.empty()) return schema;
  const auto written = written_default(key);
  if (!key.list) {
    schema["default"] = default_of(written, key);
  } else {
    schema["default"] = json::array();
    for (const auto& item : written.items) schema["default"].push_back(default_of(item, key));
  }
  return schema;
}

json one_of_required(const std::vector<std::string>& keys) {
  auto alternatives = json::array();
  for (const auto& key : keys) alternatives.push_back({{"required", json::array({key})}});
  return alternatives;
}

json schema_of(const Rule& rule);

json schema_unless(Rule rule) {
  const auto key = std::exchange(rule.unless, {});
  return {{"anyOf", {one_of_required({key}).front(), schema_of(rule)}}};
}

json schema_of(const Rule& rule) {
  if (!rule.unless.empty()) return schema_unless(rule);
  switch (rule.kind) {
    case RuleKind::exactly_one:
      return {{"oneOf", one_of_required(rule.keys)}};
    case RuleKind::at_least_one:
      return {{"anyOf", one_of_required(rule.keys)}};
    case RuleKind::needs: {
      const json beside{{"anyOf", one_of_required(rule.keys)}};
      return {{"dependentSchemas", {{rule.subject, beside}}}};
    }
    case RuleKind::at_most_one:
      break;
  }
  auto none_or_one = one_of_required(rule.keys);
  none_or_one.push_back({{"not", {{"anyOf", one_of_required(rule.keys)}}}});
  return {{"oneOf", none_or_one}};
}

json schema_of(const Shape& shape) {
  json schema{{"type", "object"},
              {"additionalProperties", false},
              {"properties", json::object()},
              {"required", json::array()}};
  if (!shape.help.empty()) schema["description"] = shape.help;
  for (const auto& key : shape.keys) {
    if (key.later) continue;
    schema["properties"][key.name] = schema_of(key);
    if (key.required) schema["required"].push_back(key.name);
  }
  for (const auto& rule : shape.rules) schema["allOf"].push_back(schema_of(rule));
  return schema;
}

json schema_of(const std::vector<Shape>& shapes) {
  auto alternatives = json::array();
  for (const auto& shape : shapes) {
    if (!shape.later) alternatives.push_back(schema_of(shape));
  }
  if (alternatives.empty()) return {{"type", "object"}};
  if (alternatives.size() == 1) return alternatives.front();
  return {{"oneOf", alternatives}};
}

void forget_records(std::vector<Shape>& shapes) {
  for (auto& shape : shapes) {
    std::erase_if(shape.keys, [](const Key& key) { return key.name == "record"; });
    for (auto& key : shape.keys) {
      key.records.reset();
      forget_records(key.shapes);
    }
  }
}

/// Each kind twice: without `record`, where only the vocabulary's signals have a name, and with
/// it, where a condition may name a record.
std::vector<Shape> without_and_with_records(const std::vector<Shape>& shapes) {
  std::vector<Shape> both;
  for (const auto& shape : shapes) {
    std::vector<Shape> without{shape};
    forget_records(without);
    both.push_back(std::move(without.front()));
    if (shape.later || find_key(shape, "record") == nullptr) continue;
    both.push_back(shape);
    for (auto& key : both.back().keys) key.required = key.required || key.name == "record";
  }
  return both;
}

json document(const char* title, json schema) {
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = title;
  return schema;
}

}  // namespace
}  // namespace loader

nlohmann::json policy_schema(const Vocabulary& vocabulary) {
  return loader::document(
      "A policy of Homeostat (one document of a policy file)",
      loader::schema_of(loader::without_and_with_records(loader::policy_shapes(vocabulary))));
}

nlohmann::json config_schema() {
  return loader::document("The configuration of Homeostat",
                          loader::schema_of(std::vector{loader::config_shape()}));
}

}  // namespace homeostat
