// SPDX-License-Identifier: Apache-2.0
// Prints one JSON object for validate_schema.py: the schemas, and documents (shipped files and
// examples) with what the schema should say of each.
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "policies/loader/loader.hpp"
#include "policies/loader/scalars.hpp"
#include "policies/loader/yaml_tree.hpp"
#include "tests/policies/loader/examples.hpp"
#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

namespace homeostat {
namespace {

using loader::NodeKind;
using nlohmann::json;

/// As a reader of YAML 1.2 (core schema) sees it.
json to_json_value(const loader::YamlNode& node) {
  if (node.kind == NodeKind::null) return nullptr;
  if (node.kind == NodeKind::sequence) {
    auto list = json::array();
    for (const auto& item : node.items) list.push_back(to_json_value(item));
    return list;
  }
  if (node.kind == NodeKind::map) {
    auto object = json::object();
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
      object[node.keys[i].text] = to_json_value(node.items[i]);
    }
    return object;
  }
  if (!node.quoted && (node.text == "true" || node.text == "false")) return node.text == "true";
  if (const auto integer = loader::parse_integer(node.text); integer && !node.quoted) {
    return *integer;
  }
  if (const auto number = loader::parse_number(node.text); number && !node.quoted) return *number;
  return node.text;
}

void add(json& documents, const std::string& schema, const std::string& name,
         const std::string& text, bool valid) {
  const auto file = loader::parse_yaml(name, text);
  for (const auto& document : file.documents) {
    documents.push_back({{"schema", schema},
                         {"name", name},
                         {"valid", valid},
                         {"document", to_json_value(document)}});
  }
}

int dump() {
  json documents = json::array();
  int shipped = 0;
  for (const std::string folder : {"policies/recommended", "policies/source"}) {
    const auto path = std::filesystem::path(HOMEOSTAT_SOURCE_DIR) / folder;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
      if (entry.path().extension() != ".yaml") continue;
      const auto name = folder + "/" + entry.path().filename().string();
      add(documents, "regulator", name, test::source_text(name), true);
      ++shipped;
    }
  }
  for (const auto& example : test::policy_examples()) {
    add(documents, "policy", example.name, example.text, example.valid);
  }
  for (const auto& example : test::regulator_examples()) {
    add(documents, "regulator", example.name, example.text, example.valid);
  }
  for (const auto& example : test::job_examples()) {
    add(documents, "job", example.name, example.text, example.valid);
  }
  for (const auto& example : test::config_examples()) {
    add(documents, "config", example.name, example.text, example.valid);
  }
  const json all{{"shipped", shipped},
                 {"schemas",
                  {{"policy", policy_schema(test::vocabulary())},
                   {"regulator", policy_schema(test::regulated_vocabulary())},
                   {"job", policy_schema(test::job_vocabulary())},
                   {"config", config_schema()}}},
                 {"documents", documents}};
  std::cout << all.dump() << "\n";
  return 0;
}

}  // namespace
}  // namespace homeostat

int main() { return homeostat::dump(); }
