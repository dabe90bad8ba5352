// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/setup.hpp"

#include <utility>

#include "controller/cli/vocabulary.hpp"

namespace homeostat {

SetupLoad load_setup(const std::string& config_path, Secrets secrets) {
  SetupLoad result;
  auto config = load_config(config_path, secrets);
  result.errors = std::move(config.errors);
  if (!config.config) return result;
  const auto files = policy_files(*config.config);
  if (!files.has_value()) {
    result.errors.push_back({files.error().place, files.error().context});
    return result;
  }
  auto policies =
      load_policies(*files, make_vocabulary(*config.config), config.config->mode_ceiling,
                    config.config->engine, config.config->speed_up);
  result.errors = std::move(policies.errors);
  result.notes = std::move(policies.notes);
  if (policies.set) result.setup = Setup{std::move(*config.config), std::move(*policies.set)};
  return result;
}

bool replaceable(const Config& from, const Config& to) {
  auto same = to;
  same.policies = from.policies;
  same.tick = from.tick;
  same.features = from.features;
  same.profiles = from.profiles;
  same.sessions = from.sessions;
  same.on_exit = from.on_exit;
  return same == from;
}

}  // namespace homeostat
