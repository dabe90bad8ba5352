// SPDX-License-Identifier: Apache-2.0
// What stands behind a Session. Its own object, shared with the operation under way, so that a
// Session may go while a coroutine still waits.
#pragma once

#include <libpq-fe.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/transport/pg_session.hpp"
#include "controller/transport/socket_wait.hpp"

namespace homeostat::pg {

/// When an operation must be over, and the span it was given, for the error's text.
struct Limit {
  explicit Limit(Duration allowed)
      : at{std::chrono::steady_clock::now() + allowed}, span{allowed} {}
  SteadyTime at;
  Duration span;
};

struct Connection {
  Connection(boost::asio::any_io_executor on, Address to, SessionSettings with);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void close();

  /// The error of a wait that did not end in readiness; closes.
  Error gave_up(Ready ready, const Limit& limit);

  boost::asio::any_io_executor executor;
  Address address;
  SessionSettings settings;
  SocketWait socket;
  PGconn* handle = nullptr;                  ///< owned; null when closed
  std::map<std::string, std::string> names;  ///< of prepared statements, by text
  int prepared = 0;                          ///< statements ever, for unique names
  bool busy = false;
};

/// Marks an operation under way. One that does not come to its end (exception, cancellation) leaves
/// the protocol in the middle of something: the connection is closed.
class Operation {
 public:
  explicit Operation(Connection& connection) : connection_{connection} { connection_.busy = true; }
  ~Operation() {
    connection_.busy = false;
    if (!finished_) connection_.close();
  }
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  void finished() { finished_ = true; }

 private:
  Connection& connection_;
  bool finished_ = false;
};

using SharedConnection = std::shared_ptr<Connection>;

boost::asio::awaitable<Result<void>> open(SharedConnection connection, Limit limit);
boost::asio::awaitable<Result<Table>> query(SharedConnection connection, std::string sql,
                                            std::vector<Parameter> parameters, Limit limit);
boost::asio::awaitable<Result<Table>> script(SharedConnection connection, std::string sql,
                                             Limit limit);

}  // namespace homeostat::pg
