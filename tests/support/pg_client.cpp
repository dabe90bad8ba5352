// SPDX-License-Identifier: Apache-2.0
#include "tests/support/pg_client.hpp"

#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

namespace homeostat::testing {
namespace {

void keep_notice(void* kept, const PGresult* result) {
  *static_cast<std::string*>(kept) += PQresultErrorMessage(result);
}

}  // namespace

PgClient::PgClient(const pg::Address& address) {
  const auto port = std::to_string(address.port);
  std::string password;
  if (!address.password_file.empty()) {
    std::ifstream file{address.password_file};
    std::getline(file, password);
  }
  std::vector<const char*> keys{"host",    "port",     "dbname",           "user",
                                "sslmode", "password", "application_name", nullptr};
  std::vector<const char*> values{address.host.c_str(),
                                  port.c_str(),
                                  address.dbname.c_str(),
                                  address.user.c_str(),
                                  "disable",
                                  password.c_str(),
                                  address.application_name.c_str(),
                                  nullptr};
  connection_.reset(PQconnectdbParams(keys.data(), values.data(), 0));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  PQsetNoticeReceiver(connection_.get(), keep_notice, notices_.get());
}

std::string PgClient::run(const std::string& sql) {
  PGresult* result = PQexec(connection_.get(), sql.c_str());
  std::string value;
  if (PQntuples(result) > 0 && PQnfields(result) > 0) value = PQgetvalue(result, 0, 0);
  const auto status = PQresultStatus(result);
  const std::string message = PQresultErrorMessage(result);
  PQclear(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    throw std::runtime_error(message.empty() ? PQerrorMessage(connection_.get()) : message);
  }
  return value;
}

std::string PgClient::notices() { return std::exchange(*notices_, {}); }

void PgClient::send(const std::string& sql) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
}

bool PgClient::finish() {
  bool good = true;
  while (PGresult* result = PQgetResult(connection_.get())) {
    const auto status = PQresultStatus(result);
    good = good && (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
    PQclear(result);
  }
  return good;
}

int PgClient::pid() const { return PQbackendPID(connection_.get()); }

}  // namespace homeostat::testing
