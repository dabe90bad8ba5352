// SPDX-License-Identifier: Apache-2.0
// The one binary: parses the command line and runs the subcommand it names.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

#include "controller/cli/commands/ack.hpp"
#include "controller/cli/commands/check.hpp"
#include "controller/cli/commands/doctor.hpp"
#include "controller/cli/commands/explain.hpp"
#include "controller/cli/commands/grants.hpp"
#include "controller/cli/commands/history.hpp"
#include "controller/cli/commands/migrate.hpp"
#include "controller/cli/commands/pause.hpp"
#include "controller/cli/commands/plan.hpp"
#include "controller/cli/commands/replay.hpp"
#include "controller/cli/commands/run.hpp"
#include "controller/cli/commands/schema.hpp"
#include "controller/cli/commands/simulate.hpp"
#include "controller/cli/commands/status.hpp"
#include "controller/cli/version.hpp"
#include "policies/loader/nearest.hpp"

namespace {

/// CLI11 only says that a subcommand is missing; people want to hear which word was wrong.
std::string unknown_subcommand(const CLI::App& app, int argc, char** argv) {
  if (argc < 2 || argv[1][0] == '-') return {};
  std::vector<std::string> names;
  for (const auto* subcommand : app.get_subcommands({})) names.push_back(subcommand->get_name());
  if (std::find(names.begin(), names.end(), argv[1]) != names.end()) return {};
  return "there is no subcommand `" + std::string(argv[1]) + "`; " +
         homeostat::loader::suggestion(argv[1], names);
}

int run(int argc, char** argv) {
  CLI::App app{
      "Homeostat keeps a PostgreSQL platform inside safe limits: it samples, decides by policies\n"
      "written in YAML, acts, and gives back what it took.",
      "homeostat"};
  app.set_version_flag("--version", homeostat::kVersion);
  app.require_subcommand(1);
  app.footer(
      "Example:\n  homeostat check /etc/homeostat/homeostat.yaml\n"
      "  homeostat run --config /etc/homeostat/homeostat.yaml\n"
      "  homeostat status");
  std::function<int()> chosen;
  homeostat::add_run_command(app, chosen);
  homeostat::add_check_command(app, chosen);
  homeostat::add_schema_command(app, chosen);
  homeostat::add_grants_command(app, chosen);
  homeostat::add_doctor_command(app, chosen);
  homeostat::add_migrate_command(app, chosen);
  homeostat::add_plan_command(app, chosen);
  homeostat::add_status_command(app, chosen);
  homeostat::add_pause_commands(app, chosen);
  homeostat::add_ack_command(app, chosen);
  homeostat::add_explain_command(app, chosen);
  homeostat::add_history_command(app, chosen);
  homeostat::add_replay_command(app, chosen);
  homeostat::add_simulate_command(app, chosen);
  if (const auto unknown = unknown_subcommand(app, argc, argv); !unknown.empty()) {
    std::cerr << "homeostat: " << unknown << " (homeostat --help)\n";
    return 2;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    std::cerr << "homeostat: " << error.what() << " (homeostat --help)\n";
    return 2;
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& failure) {
    std::cerr << "homeostat: " << failure.what() << "\n";
    return 70;  // EX_SOFTWARE: a defect of ours
  }
}
