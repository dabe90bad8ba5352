// SPDX-License-Identifier: Apache-2.0
// An application that LISTENs to the levers' hints.
#pragma once

#include <libpq-fe.h>

#include <string>

#include "controller/transport/pg_session.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {

class Listener {
 public:
  explicit Listener(const pg::Address& address) {
    const auto text = "host=" + address.host + " port=" + std::to_string(address.port) +
                      " dbname=" + address.dbname + " user=" + address.user + " sslmode=disable";
    connection_ = PQconnectdb(text.c_str());
    PQclear(PQexec(connection_, "LISTEN homeostat"));
  }
  ~Listener() { PQfinish(connection_); }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  /// The payloads that have arrived.
  std::string heard() {
    PQclear(PQexec(connection_, "SELECT 1"));
    PQconsumeInput(connection_);
    std::string all;
    while (PGnotify* notification = PQnotifies(connection_)) {
      all += notification->extra;
      PQfreemem(notification);
    }
    return all;
  }
  /// Waits for exactly this.
  bool hears(const std::string& expected) {
    std::string all;
    return eventually([&] {
      all += heard();
      return all == expected;
    });
  }

 private:
  PGconn* connection_ = nullptr;
};

}  // namespace homeostat::testing
