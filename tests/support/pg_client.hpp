// SPDX-License-Identifier: Apache-2.0
// An application's session, blocking libpq: the crowd that tests put on a server.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "controller/transport/pg_session.hpp"

namespace homeostat::testing {

class PgClient {
 public:
  /// Throws std::runtime_error when the server says no.
  explicit PgClient(const pg::Address& address);

  /// Runs one or more statements; the first value of the last result, empty for none. Throws with
  /// the server's message.
  std::string run(const std::string& sql);

  /// Sends and does not wait: for statements that are going to block.
  void send(const std::string& sql);

  /// Waits for the results of send(). False when the server answered with an error.
  bool finish();

  int pid() const;

  /// What the server has told beside its answers since this was last asked: warnings, notices.
  std::string notices();

 private:
  struct Closer {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  // Where libpq writes them: it outlives the connection, and stays when this is moved.
  std::unique_ptr<std::string> notices_ = std::make_unique<std::string>();
  std::unique_ptr<PGconn, Closer> connection_;
};

}  // namespace homeostat::testing
