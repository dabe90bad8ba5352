// SPDX-License-Identifier: Apache-2.0
// One PostgreSQL session: libpq, non-blocking, on Asio. Thin: it knows no schema and no policy.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::pg {

/// Where to connect. The password is read from its file at every connect, so that it can be rotated
/// without a restart.
struct Address {
  std::string host = {};  ///< a name, an address, or the directory of a Unix socket
  int port = 5432;
  std::string dbname = {};
  std::string user = {};
  std::string password_file = {};  ///< empty: none
  std::string sslmode = "verify-full";
  std::string sslrootcert = {};
  std::string application_name = "homeostat";
  friend bool operator==(const Address&, const Address&) = default;
};

/// Settings of every control session: no wait can outlive its deadline.
struct SessionSettings {
  Duration statement_timeout = std::chrono::seconds{5};
  Duration lock_timeout = std::chrono::milliseconds{500};
  bool read_only = false;
  /// PgBouncer's administration console (database `pgbouncer`): none of the above is sent, for it
  /// knows none of it, and only script() works, for it has no prepared statements.
  bool console = false;
};

/// A result set, owned. Rows and columns count from 0.
class Table {
 public:
  Table();
  explicit Table(void* pg_result);  ///< takes ownership of a PGresult
  Table(Table&&) noexcept;
  Table& operator=(Table&&) noexcept;
  ~Table();
  int rows() const;
  int columns() const;
  /// Nothing for NULL. The view lives as long as the Table.
  std::optional<std::string_view> text(int row, int column) const;
  /// Empty for NULL.
  std::string string(int row, int column) const;
  /// Nothing for NULL and for text that is not a number.
  std::optional<double> number(int row, int column) const;
  std::optional<std::int64_t> integer(int row, int column) const;

 private:
  struct Owned;
  std::unique_ptr<Owned> owned_;
};

/// A notification received (LISTEN).
struct Notification {
  std::string channel;
  std::string payload;
};

using Parameter = std::optional<std::string>;  ///< nothing is NULL

/// Every operation ends by its deadline, counted from the call. After `timeout` or `unavailable`
/// the session is closed: connect() again. One operation at a time.
class Session {
 public:
  Session(boost::asio::any_io_executor executor, Address address, SessionSettings settings);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Connects and applies the settings (synchronous_commit=local, lock_timeout, statement_timeout,
  /// default_transaction_read_only, idle_in_transaction_session_timeout).
  boost::asio::awaitable<Result<void>> connect(Duration deadline);

  /// One statement with parameters as text ($1, $2 …), prepared at its first use in this session.
  /// An error of the server keeps the session: SQLSTATE class 42501 is missing_privilege, 57014 and
  /// 55P03 are cancelled (rolled back by the server's own timeouts), everything else is refused,
  /// with the server's primary message and SQLSTATE in the context; HS001 (homeostat: superseded
  /// epoch) is superseded, HS002 (foreign value) foreign_value.
  boost::asio::awaitable<Result<Table>> query(std::string sql, std::vector<Parameter> parameters,
                                              Duration deadline);

  /// Several statements in one string, without parameters (migrations). The last result.
  boost::asio::awaitable<Result<Table>> script(std::string sql, Duration deadline);

  bool connected() const;
  int backend_pid() const;  ///< 0 when not connected
  void close();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace homeostat::pg
