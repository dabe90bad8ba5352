// SPDX-License-Identifier: Apache-2.0
// Policies by the files and folders that somebody names on the command line.
#pragma once

#include <string>
#include <vector>

#include "policies/loader/loader.hpp"

namespace homeostat {

/// Under what policies are read: the words they may use, and the daemon's part of how they run.
struct PolicyContext {
  Vocabulary words;
  Mode ceiling = Mode::enforce;
  EngineSettings engine;
  int speed_up = 1;
};

/// Without a configuration: any class, the node and zone `main` and the consumer group
/// `play-counts` are assumed.
PolicyContext default_context();
PolicyContext context_of(const Config& config);

/// Files as they are named; of folders, every YAML file directly inside, in order of name.
struct NamedFiles {
  std::vector<std::string> policies;
  std::vector<std::string> configs;  ///< those that look like the daemon's configuration
  std::vector<Finding> errors;
};
NamedFiles sort_paths(const std::vector<std::string>& paths);

PolicyLoad load_policies(const std::vector<std::string>& files, const PolicyContext& context);

/// Of `paths`, as sort_paths() has them. A configuration among them is an error: `instead` says
/// what to do with it.
PolicyLoad load_named_policies(const std::vector<std::string>& paths, const PolicyContext& context,
                               const std::string& instead);

/// One finding a line.
void print_findings(std::ostream& out, const std::vector<Finding>& findings,
                    const char* prefix = "");

}  // namespace homeostat
