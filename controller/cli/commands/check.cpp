// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/check.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/cli/policy_paths.hpp"
#include "policies/model/codec.hpp"

namespace homeostat {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  bool resolved = false;
};

int run_check(const CheckOptions& options) {
  auto paths = sort_paths(options.paths);
  auto errors = std::move(paths.errors);
  auto context = default_context();
  for (const auto& path : paths.configs) {
    const auto load = load_config(path);
    errors.insert(errors.end(), load.errors.begin(), load.errors.end());
    if (!load.config) continue;
    context = context_of(*load.config);
    const auto files = policy_files(*load.config);
    if (!files.has_value()) {
      errors.push_back({files.error().place, files.error().context});
      continue;
    }
    for (const auto& file : *files) {
      const bool named =
          std::find(paths.policies.begin(), paths.policies.end(), file) != paths.policies.end();
      if (!named) paths.policies.push_back(file);
    }
  }
  const auto load = load_policies(paths.policies, context);
  errors.insert(errors.end(), load.errors.begin(), load.errors.end());
  if (!errors.empty()) {
    print_findings(std::cerr, errors);
    std::cerr << errors.size() << (errors.size() == 1 ? " error\n" : " errors\n");
    return 1;
  }
  print_findings(std::cerr, load.notes, "note: ");
  if (options.resolved) {
    auto all = nlohmann::json::array();
    for (const auto& policy : load.set->policies) all.push_back(to_json(policy));
    std::cout << all.dump(2) << "\n";
    return 0;
  }
  std::cout << "ok: " << paths.configs.size() << " configuration"
            << (paths.configs.size() == 1 ? "" : "s") << ", " << load.set->policies.size()
            << (load.set->policies.size() == 1 ? " policy" : " policies");
  for (const auto& policy : load.set->policies) {
    std::cout << "\n  " << policy.name << " (" << to_text(policy.kind) << ", "
              << to_text(policy.mode) << ")";
  }
  std::cout << "\n";
  return 0;
}

}  // namespace

void add_check_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<CheckOptions>();
  auto* command = app.add_subcommand("check", "Check policies and configuration; change nothing");
  command->add_option("PATH", options->paths, "Files, or folders with .yaml files")->required();
  command->add_flag("--resolved", options->resolved,
                    "Print the policies as JSON with every default filled in");
  command->footer(
      "A configuration among the paths brings its own policies, inventory and mode_ceiling;\n"
      "without one, any class and the node `main` are assumed.\n"
      "Exit status: 0 all is well, 1 there are errors (all of them are printed).\n\n"
      "Example:\n  homeostat check policies/recommended\n"
      "  homeostat check /etc/homeostat/homeostat.yaml");
  command->callback([options, &chosen] { chosen = [options] { return run_check(*options); }; });
}

}  // namespace homeostat
