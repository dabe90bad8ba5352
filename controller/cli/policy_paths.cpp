// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/policy_paths.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <utility>

#include "controller/cli/vocabulary.hpp"

namespace homeostat {
namespace {

namespace fs = std::filesystem;

bool is_yaml(const fs::path& path) {
  return path.extension() == ".yaml" || path.extension() == ".yml";
}

/// By its top-level keys: a file with `policy:` holds policies, one with a key that only the
/// configuration has is one. Anything else is read as policies, whose errors teach more.
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

}  // namespace

PolicyContext default_context() { return {make_vocabulary(), Mode::enforce, {}, 1}; }

PolicyContext context_of(const Config& config) {
  return {make_vocabulary(config), config.mode_ceiling, config.engine, config.speed_up};
}

NamedFiles sort_paths(const std::vector<std::string>& paths) {
  NamedFiles sorted;
  std::vector<std::string> files;
  for (const auto& path : paths) {
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

PolicyLoad load_policies(const std::vector<std::string>& files, const PolicyContext& context) {
  return load_policies(files, context.words, context.ceiling, context.engine, context.speed_up);
}

PolicyLoad load_named_policies(const std::vector<std::string>& paths, const PolicyContext& context,
                               const std::string& instead) {
  auto named = sort_paths(paths);
  for (const auto& config : named.configs) {
    named.errors.push_back({{config, 0, 0}, "a configuration" + instead});
  }
  auto load = load_policies(named.policies, context);
  load.errors.insert(load.errors.begin(), named.errors.begin(), named.errors.end());
  if (!load.errors.empty()) load.set.reset();
  return load;
}

void print_findings(std::ostream& out, const std::vector<Finding>& findings, const char* prefix) {
  for (const auto& finding : findings) out << prefix << to_text(finding) << "\n";
}

}  // namespace homeostat
