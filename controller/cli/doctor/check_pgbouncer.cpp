// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_pgbouncer.hpp"

#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <utility>

#include "controller/cli/doctor/check_connection.hpp"
#include "controller/cli/doctor/json_row.hpp"
#include "controller/cli/wiring.hpp"
#include "sql/embedded.hpp"

namespace homeostat::doctor {
namespace asio = boost::asio;
namespace {

constexpr int kPoolSizeColumn = 5;  // of SHOW DATABASES, from 1.16 to 1.24

bool among(const std::string& list, const std::string& name) {
  std::istringstream words{list};
  for (std::string word; std::getline(words, word, ',');) {
    const auto from = word.find_first_not_of(" \t");
    if (from == std::string::npos) continue;
    if (word.substr(from, word.find_last_not_of(" \t") - from + 1) == name) return true;
  }
  return false;
}

asio::awaitable<Result<PoolerFacts>> ask_console(pg::Session& session, const PoolerConfig& process,
                                                 Duration deadline) {
  PoolerFacts facts;
  const auto config = co_await session.script("SHOW CONFIG", deadline);
  if (!config.has_value()) co_return config.error();
  for (int row = 0; row < config->rows(); ++row) {
    const auto key = config->string(row, 0);
    if (key == "admin_users") facts.admin_users = config->string(row, 1);
    if (key == "auth_type") facts.auth_type = config->string(row, 1);
    if (key == "so_reuseport") facts.shares_port = config->string(row, 1) != "0";
    if (key == "default_pool_size" && config->integer(row, 1)) {
      facts.pool_size = static_cast<int>(*config->integer(row, 1));
    }
  }
  const auto databases = co_await session.script("SHOW DATABASES", deadline);
  if (!databases.has_value()) co_return databases.error();
  for (int row = 0; row < databases->rows(); ++row) {
    if (databases->string(row, 0) != process.database) continue;
    facts.has_database = true;
    facts.database_pool_size =
        static_cast<int>(databases->integer(row, kPoolSizeColumn).value_or(0));
  }
  co_return facts;
}

asio::awaitable<void> check_process(asio::any_io_executor executor, const PoolerConfig& process,
                                    const std::string& zone, Duration deadline,
                                    Findings& findings) {
  auto address = console_of(process);
  address.application_name = "homeostat doctor";
  pg::SessionSettings settings;
  settings.console = true;
  pg::Session session(executor, address, settings);
  const Advice advice{
      "its pools stay as they are while zone " + zone + " is limited",
      "see that it runs and listens at " + place_of(address) + ", and that " + process.user +
          " is in its auth_file and among its admin_users: psql -h " + process.host + " -p " +
          std::to_string(process.port) + " -U " + process.user + " pgbouncer -c 'SHOW CONFIG'"};
  const auto opened = co_await session.connect(deadline);
  if (!opened.has_value()) {
    findings.fail("connection", opened.error().context, advice);
    co_return;
  }
  const auto facts = co_await ask_console(session, process, deadline);
  if (!facts.has_value()) {
    findings.fail("connection", facts.error().context, advice);
    co_return;
  }
  findings.ok("connection", process.user + " at " + place_of(address));
  judge_encryption(address, findings);
  judge_pools(process, zone, *facts, findings);
}

}  // namespace

void judge_pools(const PoolerConfig& process, const std::string& zone, const PoolerFacts& facts,
                 Findings& findings) {
  const std::string why = "its pools stay as they are while zone " + zone + " is limited";
  if (!facts.pool_size) {
    findings.fail("pool", "SHOW CONFIG has no default_pool_size",
                  {why, "give the console of a PgBouncer: host and port of the process itself"});
    return;
  }
  if (facts.auth_type == "any" || among(facts.admin_users, process.user)) {
    findings.ok("admin", process.user + " may SET default_pool_size");
  } else {
    findings.fail("admin", process.user + " may look, and not SET",
                  {why, "in pgbouncer.ini: admin_users = " +
                            (facts.admin_users.empty() ? "" : facts.admin_users + ", ") +
                            process.user + "; then RELOAD"});
  }
  if (facts.shares_port && !process.host.starts_with('/')) {
    findings.warn("port", "so_reuseport is on: other processes may answer at the same port",
                  {"a SET reaches one of them, and nobody knows which",
                   "give each process a unix_socket_dir of its own, and name each here with that "
                   "folder as host"});
  }
  const auto size = std::to_string(*facts.pool_size);
  if (!facts.has_database) {
    findings.warn(
        "pool", "no database " + process.database + " is in use there",
        {"it may be the wrong process; one that `*` leads to shows after its first client",
         "name it in [databases], or as `database` of this entry"});
  } else if (facts.database_pool_size != *facts.pool_size) {
    findings.warn("pool",
                  "database " + process.database + " has a pool_size of its own, " +
                      std::to_string(facts.database_pool_size) + " (default_pool_size is " + size +
                      ")",
                  {"default_pool_size does not reach it: " + why,
                   "take pool_size out of its line in [databases], set default_pool_size instead, "
                   "and RELOAD"});
  } else {
    findings.ok("pool", "database " + process.database + ", default_pool_size " + size);
  }
}

asio::awaitable<std::vector<Finding>> check_pgbouncer(asio::any_io_executor executor,
                                                      std::vector<ZoneConfig> zones,
                                                      Duration deadline) {
  std::vector<Finding> all;
  for (const auto& zone : zones) {
    for (const auto& process : zone.pgbouncer) {
      Findings findings("pgbouncer/" + process.name);
      co_await check_process(executor, process, zone.name, deadline, findings);
      std::move(findings.all().begin(), findings.all().end(), std::back_inserter(all));
    }
  }
  co_return all;
}

asio::awaitable<void> check_pools_left(pg::Session& session, const std::vector<ZoneConfig>& zones,
                                       Duration deadline, Findings& findings) {
  const auto left = co_await json_row(session, sql::doctor_pools, deadline);
  if (!left.has_value()) co_return;  // an older schema, which was told already
  std::set<std::string> named;
  for (const auto& zone : zones) {
    for (const auto& one : zone.pgbouncer) named.insert(one.host + ":" + std::to_string(one.port));
  }
  for (const auto& [process, before] : left->items()) {
    if (named.contains(process)) continue;
    findings.warn(
        "pools",
        "PgBouncer at " + process + " is not named any more and has a default_pool_size of ours",
        {"nobody gives back what stood there before",
         "RELOAD it, or on its console: SET default_pool_size = " + before.dump() + ";"});
  }
}

}  // namespace homeostat::doctor
