// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/pg_session.hpp"

#include <utility>

#include "controller/transport/pg_connection.hpp"

namespace homeostat::pg {

namespace asio = boost::asio;

Connection::Connection(asio::any_io_executor on, Address to, SessionSettings with)
    : executor{std::move(on)}, address{std::move(to)}, settings{with}, socket{executor} {}

Connection::~Connection() { close(); }

// The statement left behind at the server ends by statement_timeout: no cancel request, which
// libpq 15 can only send blocking and in plain text.
void Connection::close() {
  socket.interrupt();
  names.clear();
  if (handle != nullptr) PQfinish(std::exchange(handle, nullptr));
}

Error Connection::gave_up(Ready ready, const Limit& limit) {
  const bool open = handle != nullptr;
  close();
  if (ready == Ready::deadline) {
    return {ErrorCode::timeout,
            "no answer within " + std::to_string(limit.span.count() / 1000) + " ms"};
  }
  if (!open) return {ErrorCode::unavailable, "the session was closed meanwhile"};
  return {ErrorCode::timeout, "cancelled"};
}

struct Session::Impl {
  SharedConnection connection;
};

Session::Session(asio::any_io_executor executor, Address address, SessionSettings settings)
    : impl_{std::make_unique<Impl>()} {
  impl_->connection =
      std::make_shared<Connection>(std::move(executor), std::move(address), settings);
}

Session::~Session() { close(); }

asio::awaitable<Result<void>> Session::connect(Duration deadline) {
  return open(impl_->connection, Limit{deadline});
}

asio::awaitable<Result<Table>> Session::query(std::string sql, std::vector<Parameter> parameters,
                                              Duration deadline) {
  return pg::query(impl_->connection, std::move(sql), std::move(parameters), Limit{deadline});
}

asio::awaitable<Result<Table>> Session::script(std::string sql, Duration deadline) {
  return pg::script(impl_->connection, std::move(sql), Limit{deadline});
}

bool Session::connected() const {
  const auto* handle = impl_->connection->handle;
  return handle != nullptr && !impl_->connection->busy && PQstatus(handle) == CONNECTION_OK;
}

int Session::backend_pid() const {
  return connected() ? PQbackendPID(impl_->connection->handle) : 0;
}

void Session::close() { impl_->connection->close(); }

}  // namespace homeostat::pg
