// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/grants.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <set>
#include <string>

#include "controller/loop/migrations.hpp"
#include "policies/loader/loader.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace {

struct GrantsOptions {
  bool monitor = false;
  bool actuator = false;
  bool guard = false;
  std::string config = {};  ///< empty: none
};

/// What the profiles of the inventory need of their roles; nothing when there are none.
std::string planner_grants(const Config& config) {
  std::set<std::string> roles;
  for (const auto& profile : config.profiles) {
    roles.insert(profile.roles.begin(), profile.roles.end());
  }
  if (roles.empty()) return {};
  return "\n" + planner_roles_script({roles.begin(), roles.end()});
}

int print_grants(const GrantsOptions& options) {
  std::string planner;
  if (options.actuator && !options.config.empty()) {
    const auto load = load_config(options.config, Secrets::left_alone);
    if (!load.config) {
      for (const auto& error : load.errors) std::cerr << to_text(error) << "\n";
      return 1;
    }
    planner = planner_grants(*load.config);
  }
  if (options.monitor) std::cout << sql::monitor_role;
  if (options.monitor && options.actuator) std::cout << "\n";
  if (options.actuator) std::cout << sql::actuator_roles << planner;
  if (options.guard && (options.monitor || options.actuator)) std::cout << "\n";
  if (options.guard) std::cout << sql::pg_cron;
  return 0;
}

}  // namespace

void add_grants_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<GrantsOptions>();
  auto* command =
      app.add_subcommand("grants", "Print the SQL of the roles, for a DBA to read and run");
  auto* monitor = command->add_flag("--monitor", options->monitor,
                                    "The role that watches: all that mode shadow needs");
  auto* actuator = command->add_flag(
      "--actuator", options->actuator,
      "The roles that act: the schema's owner, the actuator, and operators who may pause");
  auto* guard = command->add_flag(
      "--guard", options->guard,
      "The database's own guard, after the migrations: its role and its jobs in pg_cron; for psql");
  command
      ->add_option("--config", options->config,
                   "With --actuator: also what its planner profiles need of their roles")
      ->needs(actuator);
  command->footer(
      "Nothing is connected to. A superuser runs it in the database that is watched; running it\n"
      "again changes nothing. Passwords are yours to set.\n"
      "Exit status: 0; 1 when the configuration cannot be loaded.\n\n"
      "Example:\n  homeostat grants --monitor | psql -X -v ON_ERROR_STOP=1 -d melodyud\n"
      "  homeostat grants --actuator --config /etc/homeostat/homeostat.yaml   # later, when it is "
      "to act");
  command->callback([options, monitor, actuator, guard, &chosen] {
    if (monitor->empty() && actuator->empty() && guard->empty()) {
      throw CLI::RequiredError("--monitor, --actuator or --guard (or several)");
    }
    chosen = [options] { return print_grants(*options); };
  });
}

}  // namespace homeostat
