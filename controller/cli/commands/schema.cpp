// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/schema.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "controller/cli/vocabulary.hpp"
#include "policies/loader/loader.hpp"

namespace homeostat {

void add_schema_command(CLI::App& app, std::function<int()>& chosen) {
  const auto what = std::make_shared<std::string>("policy");
  auto* command =
      app.add_subcommand("schema", "Print the JSON Schema of policy files or the configuration");
  command->add_option("WHAT", *what, "policy (default) or config")
      ->check(CLI::IsMember({"policy", "config"}));
  command->footer(
      "Editors complete and check files by it (yaml-language-server: $schema=FILE).\n"
      "It knows shapes and names; `homeostat check` knows the rest.\n\n"
      "Example:\n  homeostat schema policy > policy.schema.json");
  command->callback([what, &chosen] {
    chosen = [what] {
      const auto schema = *what == "policy" ? policy_schema(make_vocabulary()) : config_schema();
      std::cout << schema.dump(2) << "\n";
      return 0;
    };
  });
}

}  // namespace homeostat
