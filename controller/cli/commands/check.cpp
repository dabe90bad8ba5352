// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/check.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "controller/cli/vocabulary.hpp"
#include "policies/loader/loader.hpp"
#include "policies/model/codec.hpp"

namespace homeostat {
namespace {

struct CheckOptions {
  std::vector<std::string> paths;
  bool resolved = false;
};

struct Paths {
  std::vector<std::string> policies;
  std::vector<std::string> configs;
  std::vector<Finding> errors;
};

bool is_yaml(const std::filesystem::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

/// By its top-level keys: a file with `policy:` holds policies, one with a key that only the
/// configuration has is one. Anything else is checked as policies, whose errors teach more.
bool looks_like_config(const std::string& path) {
  std::ifstream file(path);
  bool config = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("policy:")) return false;
    for (const auto* key : {"postgres:", "policies:", "mode_ceiling:", "inventory:", "journal:"}) {
      config = config || line.starts_with(key);
    }
  }
  return config;
}

/// Files as named; of folders, every YAML file directly inside, in order of name.
Paths sort_paths(const std::vector<std::string>& named) {
  namespace fs = std::filesystem;
  Paths sorted;
  std::vector<std::string> files;
  for (const auto& path : named) {
    std::error_code error;
    if (!fs::is_directory(path, error)) {
      files.push_back(path);
      continue;
    }
    std::vector<std::string> inside;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      if (is_yaml(entry.path())) inside.push_back(entry.path().string());
    }
    if (inside.empty()) {
      sorted.errors.push_back({{path, 0, 0}, "a folder without a .yaml or .yml file"});
    }
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  for (auto& file : files) {
    auto& kind = looks_like_config(file) ? sorted.configs : sorted.policies;
    kind.push_back(std::move(file));
  }
  return sorted;
}

void print(std::ostream& out, const std::vector<Finding>& findings, const char* prefix = "") {
  for (const auto& finding : findings) out << prefix << to_text(finding) << "\n";
}

int run_check(const CheckOptions& options) {
  auto paths = sort_paths(options.paths);
  auto errors = std::move(paths.errors);
  auto words = make_vocabulary();
  Mode ceiling = Mode::enforce;
  EngineSettings engine;
  int speed_up = 1;
  for (const auto& path : paths.configs) {
    const auto load = load_config(path);
    errors.insert(errors.end(), load.errors.begin(), load.errors.end());
    if (!load.config) continue;
    words = make_vocabulary(*load.config);
    ceiling = load.config->mode_ceiling;
    engine = load.config->engine;
    speed_up = load.config->speed_up;
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
  const auto load = load_policies(paths.policies, words, ceiling, engine, speed_up);
  errors.insert(errors.end(), load.errors.begin(), load.errors.end());
  if (!errors.empty()) {
    print(std::cerr, errors);
    std::cerr << errors.size() << (errors.size() == 1 ? " error\n" : " errors\n");
    return 1;
  }
  print(std::cerr, load.notes, "note: ");
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
