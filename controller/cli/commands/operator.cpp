// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/operator.hpp"

#include <algorithm>
#include <iostream>
#include <vector>

#include "controller/cli/complain.hpp"
#include "controller/cli/setup.hpp"
#include "policies/loader/nearest.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

void add_operator_options(CLI::App& command, OperatorOptions& options,
                          const std::string& without_policy) {
  command.add_option("--policy", options.policy, "Only this policy; otherwise " + without_policy)
      ->type_name("POLICY");
  command.add_option("--config", options.caller.config, "The daemon's configuration: where to ask")
      ->capture_default_str();
  command.add_option("--user", options.caller.user,
                     "Role to log in as, and who said it; your login name if not given");
  command.add_option("--password-file", options.caller.password_file,
                     "File with that role's password");
}

std::string scope_of(const OperatorOptions& options) {
  return options.policy.empty() ? std::string(kClusterScope) : policy_scope(options.policy);
}

Result<void> check_policy(const OperatorOptions& options) {
  if (options.policy.empty()) return {};
  const auto load = load_setup(options.caller.config, Secrets::left_alone);
  if (!load.setup) {
    std::cerr << "homeostat: whether there is a policy `" << options.policy
              << "` cannot be told: " << to_text(load.errors.front()) << "\n";
    return {};
  }
  std::vector<std::string> names{std::string(kGuardPolicy)};
  for (const auto& policy : load.setup->policies.policies) names.push_back(policy.name);
  if (std::find(names.begin(), names.end(), options.policy) != names.end()) return {};
  return Error{ErrorCode::not_found,
               "no policy `" + options.policy + "`: " + loader::suggestion(options.policy, names) +
                   " (" + options.caller.config + ")",
               {}};
}

int refused(Error error) {
  if (error.code == ErrorCode::missing_privilege) {
    error.context +=
        ": whoever says this needs the role homeostat_operator, and to inherit it "
        "(GRANT homeostat_operator TO …, from PostgreSQL 16 on WITH INHERIT TRUE)";
  }
  const bool nobody = error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
  complain(error);
  return nobody ? 2 : 1;
}

}  // namespace homeostat
