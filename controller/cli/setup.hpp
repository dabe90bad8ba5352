// SPDX-License-Identifier: Apache-2.0
// Everything that the daemon reads from disk before it starts, and again at SIGHUP.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "policies/loader/loader.hpp"

namespace homeostat {

/// Where the Debian package puts the configuration; the default of every --config.
inline constexpr const char* kDefaultConfig = "/etc/homeostat/homeostat.yaml";

struct Setup {
  Config config;
  PolicySet policies;
};

struct SetupLoad {
  std::optional<Setup> setup;  ///< nothing when there are errors
  std::vector<Finding> errors;
  std::vector<Finding> notes;
};

SetupLoad load_setup(const std::string& config_path, Secrets secrets = Secrets::judged);

/// True when `to` differs from `from` only in what a running supervisor can take over: policies,
/// tick, on_exit, features, profiles, sessions. Anything else needs new connections.
bool replaceable(const Config& from, const Config& to);

}  // namespace homeostat
