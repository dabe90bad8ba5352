// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "controller/transport/pg_connection.hpp"
#include "controller/transport/pg_error.hpp"

namespace homeostat::pg {
namespace {

namespace asio = boost::asio;

struct Answer {
  Table table;
  std::optional<Error> error;
  std::string sqlstate;
};

// The connection broke. What the server said before it hung up (57P01 …) explains more than
// "server closed the connection".
Error lost(Connection& connection, const std::optional<Error>& said) {
  Error failure{ErrorCode::unavailable, said ? said->context : first_line(connection.handle)};
  connection.close();
  return failure;
}

Error closed() { return {ErrorCode::unavailable, "the session was closed meanwhile"}; }

void drop_notifications(PGconn* handle) {
  while (PGnotify* notification = PQnotifies(handle)) PQfreemem(notification);
}

// Takes one PGresult into the answer; false for what we never ask for (COPY).
bool take(PGresult* result, Answer& answer) {
  Table table{result};
  switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
    case PGRES_EMPTY_QUERY:
      answer.table = std::move(table);
      return true;
    case PGRES_FATAL_ERROR:
      if (!answer.error) {
        answer.error = error_of(result);
        const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        answer.sqlstate = state == nullptr ? "" : state;
      }
      return true;
    default:
      return false;
  }
}

// Sends what is in libpq's buffer.
asio::awaitable<Result<void>> flush(SharedConnection connection, Limit limit) {
  while (true) {
    const int pending = PQflush(connection->handle);
    if (pending == 0) co_return Result<void>{};
    if (pending < 0) co_return lost(*connection, std::nullopt);
    // Read as well: a server that waits for us to read its answer reads nothing more from us.
    const int socket = PQsocket(connection->handle);
    const Ready ready = co_await connection->socket.wait(socket, Direction::both, limit.at);
    if (ready != Ready::yes) co_return connection->gave_up(ready, limit);
    if (connection->handle == nullptr) co_return closed();
    if (PQconsumeInput(connection->handle) == 0) co_return lost(*connection, std::nullopt);
  }
}

// Every result of the command just sent. An Error here means that the connection is closed; what
// the server refused stands in Answer::error.
asio::awaitable<Result<void>> collect(SharedConnection connection, Limit limit, Answer& answer) {
  Result<void> flushed = co_await flush(connection, limit);
  if (!flushed.has_value()) co_return flushed;
  while (true) {
    while (PQisBusy(connection->handle) != 0) {
      const int socket = PQsocket(connection->handle);
      const Ready ready = co_await connection->socket.wait(socket, Direction::read, limit.at);
      if (ready != Ready::yes) co_return connection->gave_up(ready, limit);
      if (connection->handle == nullptr) co_return closed();
      if (PQconsumeInput(connection->handle) == 0) co_return lost(*connection, answer.error);
    }
    PGresult* result = PQgetResult(connection->handle);
    if (result == nullptr) break;
    if (!take(result, answer)) {
      connection->close();
      Error failure{ErrorCode::protocol, "unexpected kind of result (COPY?)"};
      co_return failure;
    }
  }
  drop_notifications(connection->handle);
  if (PQstatus(connection->handle) != CONNECTION_OK) co_return lost(*connection, answer.error);
  co_return Result<void>{};
}

std::optional<Error> not_ready(const Connection& connection) {
  if (connection.busy) return Error{ErrorCode::internal, "another operation is under way"};
  if (connection.handle == nullptr) return Error{ErrorCode::unavailable, "not connected"};
  return std::nullopt;
}

// The server no longer knows the statement, or its result has changed: prepare it anew next time.
bool forgets_statement(std::string_view sqlstate) {
  return sqlstate == "26000" || sqlstate == "0A000";
}

}  // namespace

asio::awaitable<Result<Table>> query(SharedConnection connection, std::string sql,
                                     std::vector<Parameter> parameters, Limit limit) {
  if (auto error = not_ready(*connection)) co_return std::move(*error);
  Operation operation{*connection};
  auto known = connection->names.find(sql);
  if (known == connection->names.end()) {
    // Behind a pooler in transaction mode the server's session outlives ours: names are not reused.
    auto name = "h" + std::to_string(PQbackendPID(connection->handle)) + "_" +
                std::to_string(++connection->prepared);
    if (PQsendPrepare(connection->handle, name.c_str(), sql.c_str(), 0, nullptr) == 0) {
      co_return lost(*connection, std::nullopt);
    }
    Answer prepared;
    Result<void> sent = co_await collect(connection, limit, prepared);
    if (!sent.has_value()) co_return sent.error();
    if (prepared.error) {
      operation.finished();
      co_return std::move(*prepared.error);
    }
    known = connection->names.emplace(sql, std::move(name)).first;
  }
  std::vector<const char*> values;
  for (const auto& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  if (PQsendQueryPrepared(connection->handle, known->second.c_str(),
                          static_cast<int>(values.size()), values.data(), nullptr, nullptr,
                          0) == 0) {
    co_return lost(*connection, std::nullopt);
  }
  Answer answer;
  Result<void> sent = co_await collect(connection, limit, answer);
  if (!sent.has_value()) co_return sent.error();
  operation.finished();
  if (!answer.error) co_return std::move(answer.table);
  if (forgets_statement(answer.sqlstate)) connection->names.erase(sql);
  co_return std::move(*answer.error);
}

asio::awaitable<Result<Table>> script(SharedConnection connection, std::string sql, Limit limit) {
  if (auto error = not_ready(*connection)) co_return std::move(*error);
  Operation operation{*connection};
  if (PQsendQuery(connection->handle, sql.c_str()) == 0) co_return lost(*connection, std::nullopt);
  Answer answer;
  Result<void> sent = co_await collect(connection, limit, answer);
  if (!sent.has_value()) co_return sent.error();
  operation.finished();
  if (answer.error) co_return std::move(*answer.error);
  co_return std::move(answer.table);
}

}  // namespace homeostat::pg
