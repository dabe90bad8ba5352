// SPDX-License-Identifier: Apache-2.0
// The schemas themselves are judged by validate_schema.py; here: the loader says the same of the
// examples, and the schemas carry what an editor shows.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/policies/loader/examples.hpp"
#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;

namespace {

/// Every object schema below `json` that lists its properties.
void collect_objects(const nlohmann::json& json, std::vector<nlohmann::json>& objects) {
  if (json.is_object() && json.contains("properties")) objects.push_back(json);
  for (const auto& item : json) {
    if (item.is_structured()) collect_objects(item, objects);
  }
}

}  // namespace

TEST_CASE("the loader says of every example what is expected") {
  for (const auto& example : policy_examples()) {
    INFO(example.name);
    CHECK(errors_of(example.text).empty() == example.loads);
  }
  for (const auto& example : regulator_examples()) {
    INFO(example.name);
    CHECK(errors_of(example.text, regulated_vocabulary()).empty() == example.loads);
  }
  for (const auto& example : job_examples()) {
    INFO(example.name);
    CHECK(errors_of(example.text, job_vocabulary()).empty() == example.loads);
  }
  for (const auto& example : config_examples()) {
    INFO(example.name);
    CHECK(config_errors_of(example.text).empty() == example.loads);
  }
}

TEST_CASE("no map of a schema takes unknown keys, and every key has a description") {
  std::vector<nlohmann::json> objects;
  collect_objects(policy_schema(vocabulary()), objects);
  collect_objects(policy_schema(regulated_vocabulary()), objects);
  collect_objects(policy_schema(job_vocabulary()), objects);
  collect_objects(config_schema(), objects);
  CHECK(objects.size() > 20);
  for (const auto& object : objects) {
    CHECK(object.at("additionalProperties") == false);
    for (const auto& [name, property] : object.at("properties").items()) {
      INFO(name);
      CHECK((property.contains("description") || property.contains("oneOf")));
    }
  }
}

TEST_CASE("the policy schema names the signals, targets and defaults") {
  const auto schema = policy_schema(vocabulary());
  CHECK(schema.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
  const auto& breaker_schema = schema.at("oneOf").at(0).at("properties");
  CHECK(breaker_schema.at("kind").at("enum").at(0) == "breaker");
  CHECK(breaker_schema.at("every").at("default") == "30s");
  CHECK(breaker_schema.at("priority").at("default") == 0);
  const auto& steps = breaker_schema.at("restore").at("properties").at("steps");
  CHECK(steps.at("default") == nlohmann::json::array({"5%", "25%", "100%"}));
  const auto text = schema.dump();
  CHECK(text.find("pg_blocked_ratio") != std::string::npos);
  CHECK(text.find("class/rebuildable") != std::string::npos);
}
