// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pgbouncer_server.hpp"

#include <boost/asio/io_context.hpp>
#include <exception>
#include <fstream>
#include <stdexcept>

#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_template.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kPgbouncer = "/usr/sbin/pgbouncer";
constexpr const char* kAdministrator = "postgres";

}  // namespace

PgBouncerServer::PgBouncerServer(const PostgresCluster& behind, const std::string& settings)
    : scratch_{server_user()}, settings_{settings}, port_{free_port()} {
  std::ofstream users{scratch_.path() + "/users.txt"};
  for (const auto* role :
       {"homeostat_monitor", "homeostat_actuator", "homeostat_owner", kAdministrator}) {
    users << '"' << role << "\" \"\"\n";
  }
  users.close();
  write_configuration(behind);
  start();
}

void PgBouncerServer::start() {
  ProcessOptions options;
  options.user = server_user();
  options.directory = scratch_.path();
  options.log = scratch_.path() + "/pgbouncer.log";
  process_ = ChildProcess{{kPgbouncer, scratch_.path() + "/pgbouncer.ini"}, options};
  const auto settled = [this] {
    if (!process_.running()) return true;
    try {
      command("SHOW VERSION");
      return true;
    } catch (const std::exception&) {
      return false;
    }
  };
  if (!eventually(settled) || !process_.running()) {
    throw std::runtime_error("PgBouncer does not start: " + read_file(options.log));
  }
}

void PgBouncerServer::write_configuration(const PostgresCluster& behind) const {
  std::ofstream file{scratch_.path() + "/pgbouncer.ini", std::ios::trunc};
  file << "[databases]\n* = host=127.0.0.1 port=" << behind.port() << "\n"
       << "[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = " << port_ << "\n"
       << "unix_socket_dir =\nauth_type = trust\nauth_file = " << scratch_.path() << "/users.txt\n"
       << "admin_users = " << kAdministrator << "\npool_mode = transaction\n"
       << settings_;
  if (!file.flush()) throw std::runtime_error("cannot write PgBouncer's configuration");
}

pg::Address PgBouncerServer::address(const std::string& role, const std::string& dbname) const {
  pg::Address address;
  address.host = "127.0.0.1";
  address.port = port_;
  address.dbname = dbname;
  address.user = role;
  address.sslmode = "disable";
  address.application_name = "test";
  return address;
}

void PgBouncerServer::point_to(const PostgresCluster& behind) {
  write_configuration(behind);
  command("RELOAD");
}

void PgBouncerServer::restart() {
  process_ = ChildProcess{};  // kills the old one
  start();
}

void PgBouncerServer::command(const std::string& command) const {
  PgClient console{address(kAdministrator, "pgbouncer")};
  console.run(command);
}

int PgBouncerServer::default_pool_size() const {
  constexpr Duration kLong = std::chrono::seconds{60};
  boost::asio::io_context io;
  pg::SessionSettings settings;
  settings.console = true;
  pg::Session console{io.get_executor(), address(kAdministrator, "pgbouncer"), settings};
  const auto opened = run_coroutine(io, console.connect(kLong));
  if (!opened.has_value()) throw std::runtime_error(opened.error().context);
  const auto shown = run_coroutine(io, console.script("SHOW CONFIG", kLong));
  if (!shown.has_value()) throw std::runtime_error(shown.error().context);
  for (int row = 0; row < shown->rows(); ++row) {
    if (shown->text(row, 0) == "default_pool_size") return std::stoi(shown->string(row, 1));
  }
  throw std::runtime_error("SHOW CONFIG has no default_pool_size");
}

}  // namespace homeostat::testing
