// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/ledger_call.hpp"

#include <pwd.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>

#include "controller/cli/wiring.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/secret_file.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kDeadline = std::chrono::seconds{10};

std::string login_name() {
  const auto* entry = getpwuid(geteuid());
  return entry == nullptr ? std::string() : std::string(entry->pw_name);
}

asio::awaitable<Result<pg::Table>> ask(pg::Session& session, std::string sql,
                                       std::vector<pg::Parameter> parameters) {
  const auto connected = co_await session.connect(kDeadline);
  if (!connected.has_value()) co_return connected.error();
  auto table = co_await session.query(std::move(sql), std::move(parameters), kDeadline);
  co_return table;
}

Error invalid(std::string what) { return {ErrorCode::invalid_input, std::move(what), {}}; }

}  // namespace

Result<pg::Table> call_ledger(const LedgerCaller& caller, std::string sql,
                              std::vector<pg::Parameter> parameters) {
  const auto load = load_config(caller.config, Secrets::left_alone);
  if (!load.config) return invalid(to_text(load.errors.front()));
  if (!load.config->ledger) return invalid(caller.config + ": `postgres.ledger` is missing");
  if (!caller.password_file.empty()) {
    const auto problem = loader::problem_of_secret(caller.password_file);
    if (problem) return invalid("--password-file: " + *problem);
  }
  auto address = address_of(*load.config, load.config->ledger->node,
                            caller.user.empty() ? login_name() : caller.user, caller.password_file);
  address.application_name = "homeostat";
  asio::io_context io(1);
  pg::Session session(io.get_executor(), address, pg::SessionSettings{});
  Result<pg::Table> answer = Error{};
  const auto done = [&answer](std::exception_ptr failure, Result<pg::Table> result) {
    if (failure) std::rethrow_exception(failure);
    answer = std::move(result);
  };
  asio::co_spawn(io, ask(session, std::move(sql), std::move(parameters)), done);
  io.run();
  return answer;
}

}  // namespace homeostat
