// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/pooler.hpp"

#include <utility>

namespace homeostat::doctor {
namespace asio = boost::asio;
namespace {

// Every PgBouncer has an administration database of this name; a server that has none says so.
asio::awaitable<std::string> name_of(asio::any_io_executor executor, pg::Address address,
                                     Duration deadline) {
  address.dbname = "pgbouncer";
  pg::Session session(std::move(executor), std::move(address), pg::SessionSettings{});
  const auto connected = co_await session.connect(deadline);
  const bool answers =
      connected.has_value() || connected.error().context.find(" 08P01: ") != std::string::npos;
  std::string name = "a connection pooler";
  if (answers) name = "PgBouncer";
  co_return name;
}

// In transaction mode a second session of ours, while the first is idle, gets the same server
// process.
asio::awaitable<bool> shares_backend(asio::any_io_executor executor, pg::Address address,
                                     int backend_pid, Duration deadline) {
  pg::Session session(std::move(executor), std::move(address), pg::SessionSettings{});
  const auto connected = co_await session.connect(deadline);
  if (!connected.has_value()) co_return false;
  const auto pid = co_await session.script("SELECT pg_backend_pid()", deadline);
  co_return pid.has_value() && pid->integer(0, 0) == backend_pid;
}

std::string in_between(const Pooler& pooler) {
  return pooler.name + (pooler.transaction ? " in transaction mode" : "") +
         " stands between us and the server";
}

std::string go_direct(const ServerFacts& facts) {
  return "give the server's own host and port; the server says it is " + facts.address;
}

}  // namespace

bool refused_by_pgbouncer(const Error& error) {
  return error.context.find("unsupported startup parameter") != std::string::npos;
}

asio::awaitable<std::optional<Pooler>> find_pooler(asio::any_io_executor executor,
                                                   const pg::Session& session, pg::Address address,
                                                   int backend_pid, Duration deadline) {
  std::optional<Pooler> pooler;
  if (session.backend_pid() == backend_pid) co_return pooler;
  pooler.emplace();
  pooler->name = co_await name_of(executor, address, deadline);
  pooler->transaction = co_await shares_backend(executor, address, backend_pid, deadline);
  co_return pooler;
}

void judge_pooler_of_monitor(const std::optional<Pooler>& pooler, const ServerFacts& facts,
                             Findings& findings) {
  if (!pooler) {
    findings.ok("pooler", "none in between");
    return;
  }
  findings.warn("pooler", in_between(*pooler),
                {"samples wait in its queue, are absent while it is paused, and run without our "
                 "timeouts",
                 go_direct(facts)});
}

void judge_pooler_of_ledger(const std::optional<Pooler>& pooler, const ServerFacts& facts,
                            Findings& findings) {
  if (!pooler) {
    findings.ok("pooler", "none in between");
    return;
  }
  findings.fail("pooler", in_between(*pooler),
                {"the lease belongs to one session: a pooler lends that session to others, keeps "
                 "its lock when we are gone, and two instances could both lead; control sessions "
                 "must go direct",
                 go_direct(facts)});
}

}  // namespace homeostat::doctor
