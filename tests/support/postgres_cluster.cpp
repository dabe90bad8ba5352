// SPDX-License-Identifier: Apache-2.0
#include "tests/support/postgres_cluster.hpp"

#include <libpq-fe.h>
#include <signal.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_template.hpp"

namespace homeostat::testing {
namespace {

namespace fs = std::filesystem;

// Roles with a password are members of `with_password`; everybody else is trusted.
constexpr auto kAccess =
    "local all all trust\n"
    "host all +with_password 127.0.0.1/32 scram-sha-256\n"
    "host all all 127.0.0.1/32 trust\n"
    "local replication all trust\n"
    "host replication all 127.0.0.1/32 trust\n";

Settings with_defaults(Settings wanted) {
  wanted.merge(Settings{{"fsync", "off"},
                        {"full_page_writes", "off"},
                        {"shared_buffers", "16MB"},
                        {"max_connections", "100"},
                        {"listen_addresses", "127.0.0.1"},
                        {"log_line_prefix", "%m [%p] "},
                        {"lc_messages", "C"}});
  return wanted;
}

void write(const std::string& path, const std::string& text) {
  std::ofstream file{path, std::ios::trunc};
  file << text;
  file.close();
  if (!file) throw std::runtime_error("cannot write " + path);
}

bool dead(pid_t pid) { return process_state(pid) == 0; }
bool stopped(pid_t pid) { return process_state(pid) == 'T' || dead(pid); }

}  // namespace

std::string postgres_binaries() {
  if (const char* given = std::getenv("HOMEOSTAT_TEST_PG_BIN")) return given;
  std::string newest;
  int newest_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/usr/lib/postgresql", ignored}) {
    const int version = std::atoi(entry.path().filename().c_str());
    const auto binaries = entry.path() / "bin";
    if (version <= newest_version || !fs::exists(binaries / "initdb")) continue;
    newest_version = version;
    newest = binaries;
  }
  if (newest.empty()) throw std::runtime_error("no PostgreSQL server is installed");
  return newest;
}

PostgresCluster::PostgresCluster(Settings settings)
    : settings_{with_defaults(std::move(settings))}, scratch_{server_user()} {
  const auto data = scratch_.path() + "/data";
  make_data_directory(scratch_.path(), data);
  std::ifstream file{data + "/PG_VERSION"};
  file >> version_;
  furnish();
}

void PostgresCluster::furnish() {
  write(scratch_.path() + "/data/pg_hba.conf", kAccess);
  start();
  sql("CREATE ROLE with_password NOLOGIN");
}

PostgresCluster::~PostgresCluster() {
  thaw();
  server_.signal(SIGQUIT);
  server_.wait(std::chrono::seconds{10});
}

std::vector<std::string> PostgresCluster::command() const {
  std::vector<std::string> result{postgres_binaries() + "/postgres",
                                  "-D",
                                  scratch_.path() + "/data",
                                  "-p",
                                  std::to_string(port_),
                                  "-k",
                                  scratch_.path()};
  for (const auto& [name, value] : settings_) {
    result.emplace_back("-c");
    result.push_back(name + "=" + value);
  }
  return result;
}

void PostgresCluster::start_once() {
  ProcessOptions options;
  options.user = server_user();
  options.directory = scratch_.path();
  options.log = scratch_.path() + "/server.log";
  options.signal_on_our_death = SIGQUIT;
  server_ = ChildProcess{command(), options};
  const auto ask = "host=" + socket_directory() + " port=" + std::to_string(port_) +
                   " user=postgres dbname=postgres";
  const auto settled = [&] { return !server_.running() || PQping(ask.c_str()) == PQPING_OK; };
  if (!eventually(settled)) throw std::runtime_error("PostgreSQL does not start: " + log_tail());
}

void PostgresCluster::start() {
  if (server_.running()) return;
  // The same port again after a stop; another one when somebody was quicker at the very first.
  const bool first = port_ == 0;
  for (int attempt = 0; attempt < 5; ++attempt) {
    if (first) port_ = free_port();
    start_once();
    if (server_.running()) return;
    if (!first) break;
  }
  throw std::runtime_error("PostgreSQL does not start: " + log_tail());
}

void PostgresCluster::stop() {
  server_.signal(SIGINT);
  if (!server_.wait(std::chrono::seconds{60})) throw std::runtime_error("PostgreSQL does not stop");
}

void PostgresCluster::restart() {
  stop();
  start();
}

void PostgresCluster::replace() {
  stop();
  const auto data = scratch_.path() + "/data";
  fs::remove_all(data);
  make_distinct_data_directory(scratch_.path(), data);
  furnish();
}

void PostgresCluster::reload(const std::string& setting, const std::string& value) {
  sql("ALTER SYSTEM SET " + setting + " = '" + value + "'");
  sql("SELECT pg_reload_conf()");
}

void PostgresCluster::kill_server() {
  const auto children = children_of(pid());
  server_.signal(SIGKILL);
  server_.wait(std::chrono::seconds{60});
  const auto gone = [&] { return std::all_of(children.begin(), children.end(), dead); };
  if (!eventually(gone)) throw std::runtime_error("PostgreSQL's children stay");
}

void PostgresCluster::freeze() {
  // The postmaster first: then no child can be missed.
  server_.signal(SIGSTOP);
  frozen_ = children_of(pid());
  for (const pid_t child : frozen_) kill(child, SIGSTOP);
  const auto all = [&] { return std::all_of(frozen_.begin(), frozen_.end(), stopped); };
  if (!eventually(all)) throw std::runtime_error("PostgreSQL does not freeze");
}

void PostgresCluster::thaw() {
  for (const pid_t child : frozen_) kill(child, SIGCONT);
  if (!frozen_.empty()) server_.signal(SIGCONT);
  frozen_.clear();
}

pg::Address PostgresCluster::address(const std::string& role, const std::string& dbname) const {
  pg::Address address = socket_address(role, dbname);
  address.host = "127.0.0.1";
  return address;
}

pg::Address PostgresCluster::socket_address(const std::string& role,
                                            const std::string& dbname) const {
  pg::Address address;
  address.host = socket_directory();
  address.port = port_;
  address.dbname = dbname;
  address.user = role;
  address.sslmode = "disable";
  address.application_name = "test";
  if (const auto found = password_files_.find(role); found != password_files_.end()) {
    address.password_file = found->second;
  }
  return address;
}

std::string PostgresCluster::sql(const std::string& statements, const std::string& dbname) const {
  auto address = socket_address("postgres", dbname);
  address.application_name = "fixture";
  PgClient client{address};
  return client.run(statements);
}

void PostgresCluster::create_role(const std::string& name, const std::string& attributes,
                                  const std::string& password) {
  sql("CREATE ROLE " + name + " LOGIN " + attributes);
  if (password.empty()) return;
  sql("ALTER ROLE " + name + " PASSWORD '" + password + "'");
  sql("GRANT with_password TO " + name);
  password_files_[name] = secret_file(name + ".password", password + "\n");
}

std::string PostgresCluster::secret_file(const std::string& name, const std::string& text) const {
  const auto path = scratch_.path() + "/" + name;
  write(path, text);
  fs::permissions(path, fs::perms::owner_read | fs::perms::owner_write);
  return path;
}

std::string PostgresCluster::log_tail() const {
  std::ifstream file{scratch_.path() + "/server.log"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace homeostat::testing
