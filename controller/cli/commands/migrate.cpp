// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/migrate.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/setup.hpp"
#include "controller/cli/wiring.hpp"
#include "controller/loop/migrations.hpp"
#include "controller/transport/pg_session.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/secret_file.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kConnect = std::chrono::seconds{10};
constexpr Duration kStatement = std::chrono::seconds{60};

struct MigrateOptions {
  std::string config = kDefaultConfig;
  std::string user = "homeostat_owner";
  std::string password_file;
  bool print = false;
};

asio::awaitable<Result<MigrationReport>> connect_and_migrate(pg::Session& session) {
  const auto connected = co_await session.connect(kConnect);
  if (!connected.has_value()) co_return connected.error();
  auto report = co_await migrate(session, kStatement);
  co_return report;
}

int migrate_now(const MigrateOptions& options) {
  if (!options.password_file.empty()) {
    if (const auto problem = loader::problem_of_secret(options.password_file)) {
      std::cerr << "homeostat: --password-file: " << *problem << "\n";
      return 1;
    }
  }
  const auto load = load_config(options.config, Secrets::left_alone);
  if (!load.config) {
    for (const auto& error : load.errors) std::cerr << to_text(error) << "\n";
    return 1;
  }
  if (!load.config->ledger) {
    std::cerr << "homeostat: " << options.config
              << ": `postgres.ledger` is missing: which node is to hold the ledger?\n";
    return 1;
  }
  asio::io_context io(1);
  auto address =
      address_of(*load.config, load.config->ledger->node, options.user, options.password_file);
  address.application_name = "homeostat migrate";
  pg::SessionSettings settings;
  settings.statement_timeout = kStatement;
  pg::Session session(io.get_executor(), address, settings);
  Result<MigrationReport> report = Error{};
  const auto done = [&report](std::exception_ptr failure, Result<MigrationReport> result) {
    if (failure) std::rethrow_exception(failure);
    report = std::move(result);
  };
  asio::co_spawn(io, connect_and_migrate(session), done);
  io.run();
  if (!report.has_value()) {
    std::cerr << "homeostat: migrate: " << report.error().context << "\n";
    return 1;
  }
  for (const auto& name : report->applied) std::cout << "applied " << name << "\n";
  std::cout << "schema homeostat is at version " << report->version
            << (report->applied.empty() ? ", nothing to do" : "") << "\n";
  return 0;
}

int run_migrate(const MigrateOptions& options) {
  if (!options.print) return migrate_now(options);
  std::cout << migration_script();
  return 0;
}

}  // namespace

void add_migrate_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<MigrateOptions>();
  auto* command =
      app.add_subcommand("migrate", "Bring the schema `homeostat` up to date, or print its SQL");
  command->add_option("--config", options->config, "The daemon's configuration: where to connect")
      ->capture_default_str();
  command->add_option("--user", options->user, "Role to connect as")->capture_default_str();
  command->add_option("--password-file", options->password_file,
                      "File with that role's password; only its owner and group may open it");
  command->add_flag("--print", options->print, "Print the migrations instead of running them");
  command->footer(
      "Each migration runs in a transaction of its own; running it again does nothing. The roles\n"
      "come first: homeostat grants.\n\n"
      "Example:\n  homeostat migrate --print\n"
      "  homeostat migrate --config /etc/homeostat/homeostat.yaml --password-file owner.password");
  command->callback([options, &chosen] { chosen = [options] { return run_migrate(*options); }; });
}

}  // namespace homeostat
