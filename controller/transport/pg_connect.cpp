// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "controller/transport/pg_connection.hpp"
#include "controller/transport/pg_error.hpp"
#include "controller/transport/resolve.hpp"

namespace homeostat::pg {
namespace {

namespace asio = boost::asio;

bool is_socket_directory(const std::string& host) {
  return host.starts_with('/') || host.starts_with('@');
}

std::string milliseconds(Duration duration) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

// As start-up options they are in force before the first statement and outrank what ALTER ROLE …
// SET says, without a round trip.
std::string options(const SessionSettings& settings) {
  if (settings.console) return {};
  const auto statement = milliseconds(settings.statement_timeout);
  return "-c synchronous_commit=local -c statement_timeout=" + statement +
         " -c lock_timeout=" + milliseconds(settings.lock_timeout) +
         " -c idle_in_transaction_session_timeout=" + statement +
         " -c default_transaction_read_only=" + (settings.read_only ? "on" : "off");
}

Result<std::string> read_password(const std::string& path) {
  if (path.empty()) return std::string{};
  std::ifstream file{path, std::ios::binary};
  std::string password{std::istreambuf_iterator<char>{file}, {}};
  if (!file) return Error{ErrorCode::invalid_input, "cannot read the password file " + path};
  while (password.ends_with('\n') || password.ends_with('\r')) password.pop_back();
  return password;
}

// `hostaddr` is what to dial, empty for a Unix socket; `host` stays for verify-full.
PGconn* begin(const Connection& connection, const std::string& hostaddr,
              const std::string& password) {
  const auto& to = connection.address;
  const auto port = std::to_string(to.port);
  const auto set = options(connection.settings);
  const bool local = is_socket_directory(to.host);
  std::vector<const char*> keys;
  std::vector<const char*> values;
  const auto give = [&](const char* key, const std::string& value) {
    if (value.empty()) return;
    keys.push_back(key);
    values.push_back(value.c_str());
  };
  const std::string sslmode = local ? "disable" : to.sslmode;
  const std::string no_gss = "disable";
  const std::string utf8 = "UTF8";
  const std::string idle = "10";
  const std::string unanswered = "10000";
  give("host", to.host);
  give("hostaddr", hostaddr);
  give("port", port);
  give("dbname", to.dbname);
  give("user", to.user);
  give("password", password);
  give("sslmode", sslmode);
  give("sslrootcert", to.sslrootcert);
  give("application_name", to.application_name);
  give("options", set);
  give("client_encoding", utf8);
  give("gssencmode", no_gss);
  give("keepalives_idle", idle);
  give("tcp_user_timeout", unanswered);
  keys.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(keys.data(), values.data(), 0);
}

void ignore_notice(void* /*unused*/, const PGresult* /*result*/) {}

// One attempt at one address. The socket may change between polls.
asio::awaitable<Result<void>> dial(SharedConnection connection, std::string hostaddr,
                                   std::string password, Limit limit) {
  connection->handle = begin(*connection, hostaddr, password);
  Error failure;
  if (connection->handle == nullptr) {
    failure.context = "libpq is out of memory";
    co_return failure;
  }
  PQsetNoticeReceiver(connection->handle, ignore_notice, nullptr);
  PQsetErrorVerbosity(connection->handle, PQERRORS_VERBOSE);
  auto polling =
      PQstatus(connection->handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (polling == PGRES_POLLING_READING || polling == PGRES_POLLING_WRITING) {
    const auto direction = polling == PGRES_POLLING_READING ? Direction::read : Direction::write;
    const int socket = PQsocket(connection->handle);
    const Ready ready = co_await connection->socket.wait(socket, direction, limit.at);
    if (ready != Ready::yes || connection->handle == nullptr) {
      co_return connection->gave_up(ready, limit);
    }
    polling = PQconnectPoll(connection->handle);
  }
  if (polling == PGRES_POLLING_OK && PQsetnonblocking(connection->handle, 1) == 0) {
    PQsetErrorVerbosity(connection->handle, PQERRORS_DEFAULT);
    co_return Result<void>{};
  }
  failure = connect_error(connection->handle);
  connection->close();
  co_return failure;
}

Duration left(const Limit& limit) {
  const auto span = limit.at - std::chrono::steady_clock::now();
  return std::max(std::chrono::duration_cast<Duration>(span), Duration::zero());
}

// Another address of the same name is worth trying only when this one was not reached.
bool answered(const Error& error) {
  return error.code == ErrorCode::refused || error.code == ErrorCode::missing_privilege;
}

}  // namespace

asio::awaitable<Result<void>> open(SharedConnection connection, Limit limit) {
  Operation operation{*connection};
  connection->close();
  auto password = read_password(connection->address.password_file);
  if (!password.has_value()) co_return password.error();
  std::vector<std::string> addresses;
  if (is_socket_directory(connection->address.host)) {
    addresses.emplace_back();
  } else {
    auto found = co_await resolve(connection->executor, connection->address.host, left(limit));
    if (!found.has_value()) co_return found.error();
    addresses = std::move(*found);
  }
  Result<void> result;
  for (std::size_t index = 0; index < addresses.size(); ++index) {
    // An address that swallows everything must not eat the time of the next one.
    const auto remaining = static_cast<std::int64_t>(addresses.size() - index);
    Limit share{left(limit) / remaining};
    share.span = limit.span;
    result = co_await dial(connection, addresses[index], *password, share);
    if (result.has_value() || answered(result.error())) break;
  }
  if (result.has_value()) operation.finished();
  co_return result;
}

}  // namespace homeostat::pg
