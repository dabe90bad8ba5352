// SPDX-License-Identifier: Apache-2.0
// YAML -> Config and PolicySet, strictly: every error of every file at once, each with its place.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "policies/loader/config.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

/// One thing wrong (or worth knowing), in words: what was found, what was expected, the nearest
/// valid name.
struct Finding {
  Place place;
  std::string message;
  friend bool operator==(const Finding&, const Finding&) = default;
};

/// `file:line:column: message`
std::string to_text(const Finding& finding);

struct ConfigLoad {
  std::optional<Config> config;  ///< nothing when there are errors
  std::vector<Finding> errors;
};

struct PolicyLoad {
  std::optional<PolicySet> set;  ///< nothing when there are errors
  std::vector<Finding> errors;
  std::vector<Finding> notes;  ///< what was left out or capped, and why: arms without a probe …
};

/// Whether the files of secrets that a configuration names are looked at. They are the daemon's:
/// an operator who only wants to know where the ledger is need not be able to read them.
enum class Secrets { judged, left_alone };

/// Reads the file and checks everything that needs no network: secret files too, which must exist
/// and be readable by no one beyond owner and group (their content is never printed). `speed_up` is
/// already applied to `tick` and `engine`.
ConfigLoad load_config(const std::string& path, Secrets secrets = Secrets::judged);

/// The files that the configuration's `policies:` patterns match, sorted. A pattern that matches
/// nothing is an error.
Result<std::vector<std::string>> policy_files(const Config& config);

/// Modes are capped at `ceiling`. Settings go into the set as they are; `speed_up` divides the
/// policies' durations only (config.engine is divided already).
PolicyLoad load_policies(const std::vector<std::string>& files, const Vocabulary& vocabulary,
                         Mode ceiling, const EngineSettings& settings, int speed_up);

/// JSON Schema (draft 2020-12) of a policy file and of the configuration, made from the same tables
/// of keys that the loader reads by.
nlohmann::json policy_schema(const Vocabulary& vocabulary);
nlohmann::json config_schema();

}  // namespace homeostat
