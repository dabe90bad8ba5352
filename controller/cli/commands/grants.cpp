// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/grants.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/loop/migrations.hpp"
#include "policies/loader/loader.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace {

struct GrantsOptions {
  bool monitor = false;
  bool actuator = false;
  bool guard = false;
  bool deadlocks = false;
  std::vector<std::string> consumers = {};
  std::string citus_owner = {};  ///< of the distributed tables; empty: not asked
  std::string config = {};       ///< empty: none
};

/// The roles that these entries of the inventory name, each once.
template <class Entry>
std::vector<std::string> roles_of(const std::vector<Entry>& entries) {
  std::set<std::string> roles;
  for (const auto& entry : entries) roles.insert(entry.roles.begin(), entry.roles.end());
  return {roles.begin(), roles.end()};
}

/// No SQL, for a broker gives it: beside the roles, for who reads them.
std::string kafka_acls(const KafkaConfig& kafka) {
  return "-- Kafka (kafka-acls.sh), for the user that kafka.properties_file logs in as: Describe, "
         "Read and\n-- Write on topic " +
         kafka.control_topic +
         ", and Create, if it is not there. Its consumers: Describe\n-- and Read. For the lag: "
         "Describe on each group and its topics.\n";
}

/// What the inventory's profiles and sessions need of their roles; nothing when there are none.
std::string managed_grants(const Config& config) {
  const auto planner = roles_of(config.profiles);
  const auto sessions = roles_of(config.sessions);
  std::string script;
  if (!planner.empty()) script += "\n" + planner_roles_script(planner);
  if (!sessions.empty()) script += "\n" + session_roles_script(sessions);
  if (config.kafka) script += "\n" + kafka_acls(*config.kafka);
  return script;
}

int print_grants(const GrantsOptions& options) {
  std::string managed;
  if (options.actuator && !options.config.empty()) {
    const auto load = load_config(options.config, Secrets::left_alone);
    if (!load.config) {
      for (const auto& error : load.errors) std::cerr << to_text(error) << "\n";
      return 1;
    }
    managed = managed_grants(*load.config);
  }
  if (options.monitor) std::cout << sql::monitor_role;
  if (options.monitor && options.actuator) std::cout << "\n";
  if (options.actuator) std::cout << sql::actuator_roles << managed;
  if (options.guard && (options.monitor || options.actuator)) std::cout << "\n";
  if (options.guard) std::cout << sql::pg_cron;
  bool begun = options.monitor || options.actuator || options.guard;
  if (options.deadlocks) {
    std::cout << (begun ? "\n" : "") << sql::deadlock_log;
    begun = true;
  }
  if (!options.consumers.empty()) {
    std::cout << (begun ? "\n" : "") << consumer_roles_script(options.consumers);
    begun = true;
  }
  if (!options.citus_owner.empty()) {
    std::cout << (begun ? "\n" : "") << citus_roles_script({options.citus_owner});
  }
  return 0;
}

// What is printed is run by a superuser.
std::string problem_of_role_name(const std::string& name) {
  const bool plain = !name.empty() && name.find_first_of("'\"\\;\n") == std::string::npos;
  return plain ? "" : "expected the name of a role, as it is, without quotes";
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
  auto* consumer =
      command
          ->add_option("--consumer", options->consumers,
                       "A role that consumes from Kafka: after the migrations, what it needs to "
                       "report what its batches cost; may be given several times")
          ->check(CLI::Validator(problem_of_role_name, "ROLE"))
          ->allow_extra_args(false);
  auto* citus = command
                    ->add_option("--citus", options->citus_owner,
                                 "The role that owns the distributed tables of a Citus cluster: "
                                 "after the migrations, what moving their shards needs, on the "
                                 "coordinator")
                    ->check(CLI::Validator(problem_of_role_name, "ROLE"));
  auto* deadlocks = command->add_flag(
      "--deadlocks", options->deadlocks,
      "On a Citus coordinator whose log is kept by logging_collector: the monitor may count the "
      "deadlocks over nodes in it");
  command
      ->add_option("--config", options->config,
                   "With --actuator: also what its profiles and sessions need of their roles")
      ->needs(actuator);
  command->footer(
      "Nothing is connected to. A superuser runs it in the database that is watched; running it\n"
      "again changes nothing. Passwords are yours to set.\n"
      "Exit status: 0; 1 when the configuration cannot be loaded.\n\n"
      "Example:\n  homeostat grants --monitor | psql -X -v ON_ERROR_STOP=1 -d melodyud\n"
      "  homeostat grants --actuator --config /etc/homeostat/homeostat.yaml   # later, when it is "
      "to act");
  command->callback([options, monitor, actuator, guard, consumer, citus, deadlocks, &chosen] {
    if (monitor->empty() && actuator->empty() && guard->empty() && consumer->empty() &&
        citus->empty() && deadlocks->empty()) {
      throw CLI::RequiredError(
          "--monitor, --actuator, --guard, --consumer, --citus or --deadlocks");
    }
    chosen = [options] { return print_grants(*options); };
  });
}

}  // namespace homeostat
