// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/sqlite.hpp"

#include <sqlite3.h>

#include <utility>

namespace homeostat::sqlite {
namespace {

Failure failure_of(int code) {
  switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
      return Failure::none;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Failure::busy;
    case SQLITE_FULL:
      return Failure::full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Failure::corrupt;
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return Failure::readonly;
    default:
      return Failure::other;
  }
}

struct Close {
  // Statements share the Connection, so none is alive here.
  void operator()(sqlite3* handle) const { sqlite3_close(handle); }
};
struct Finalize {
  void operator()(sqlite3_stmt* handle) const { sqlite3_finalize(handle); }
};

/// Shared by a database and its statements, which tell it of their failures.
struct Connection {
  std::unique_ptr<sqlite3, Close> handle;
  std::string path;
  Failure failure = Failure::none;

  Error error(int code) {
    failure = failure_of(code);
    // The text of the handle belongs to the newest call; a misuse never reached it.
    const bool belongs = handle && sqlite3_extended_errcode(handle.get()) == code;
    const char* text = belongs ? sqlite3_errmsg(handle.get()) : sqlite3_errstr(code);
    return {ErrorCode::storage, path + ": " + text};
  }
};

}  // namespace

struct Statement::Owned {
  std::shared_ptr<Connection> connection;
  std::unique_ptr<sqlite3_stmt, Finalize> handle;
  int bound = SQLITE_OK;  ///< the first failure of a bind, told by step()

  void note(int code) {
    if (bound == SQLITE_OK) bound = code;
  }
};

Statement::Statement(std::unique_ptr<Owned> owned) : owned_(std::move(owned)) {}
Statement::Statement(Statement&&) noexcept = default;
Statement& Statement::operator=(Statement&&) noexcept = default;
Statement::~Statement() = default;

Statement& Statement::reset() {
  sqlite3_reset(owned_->handle.get());
  sqlite3_clear_bindings(owned_->handle.get());
  owned_->bound = SQLITE_OK;
  return *this;
}

Statement& Statement::bind(int parameter, std::int64_t value) {
  owned_->note(sqlite3_bind_int64(owned_->handle.get(), parameter, value));
  return *this;
}

Statement& Statement::bind(int parameter, std::string_view text) {
  // An empty view may hold nullptr, which SQLite would take for NULL.
  const char* data = text.empty() ? "" : text.data();
  owned_->note(sqlite3_bind_text64(owned_->handle.get(), parameter, data, text.size(),
                                   SQLITE_TRANSIENT, SQLITE_UTF8));
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  owned_->note(sqlite3_bind_null(owned_->handle.get(), parameter));
  return *this;
}

Result<bool> Statement::step() {
  if (owned_->bound != SQLITE_OK) return owned_->connection->error(owned_->bound);
  const int code = sqlite3_step(owned_->handle.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto error = owned_->connection->error(code);
  sqlite3_reset(owned_->handle.get());  // a failed statement holds its locks until then
  return error;
}

std::int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(owned_->handle.get(), column);
}

std::string_view Statement::text(int column) const {
  const auto* data = sqlite3_column_text(owned_->handle.get(), column);
  if (data == nullptr) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(owned_->handle.get(), column));
  return {reinterpret_cast<const char*>(data), size};
}

bool Statement::null(int column) const {
  return sqlite3_column_type(owned_->handle.get(), column) == SQLITE_NULL;
}

struct Database::Owned {
  std::shared_ptr<Connection> connection = std::make_shared<Connection>();
  sqlite3* handle() const { return connection->handle.get(); }
};

Database::Database(std::unique_ptr<Owned> owned) : owned_(std::move(owned)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(const std::string& path, Access access, Duration busy) {
  auto owned = std::make_unique<Owned>();
  auto& connection = *owned->connection;
  connection.path = path;
  const int flags = access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_EXRESCODE, nullptr);
  connection.handle.reset(handle);
  if (code != SQLITE_OK) return connection.error(code);
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(busy);
  sqlite3_busy_timeout(handle, static_cast<int>(wait.count()));
  return Database(std::move(owned));
}

Result<void> Database::execute(const std::string& sql) {
  const int code = sqlite3_exec(owned_->handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return owned_->connection->error(code);
  return {};
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int code = sqlite3_prepare_v2(owned_->handle(), sql.data(), static_cast<int>(sql.size()),
                                      &handle, nullptr);
  if (code != SQLITE_OK) return owned_->connection->error(code);
  auto statement = std::make_unique<Statement::Owned>();
  statement->connection = owned_->connection;
  statement->handle.reset(handle);
  return Statement(std::move(statement));
}

Result<std::int64_t> Database::integer(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement.has_value()) return statement.error();
  const auto row = statement->step();
  if (!row.has_value()) return row.error();
  return *row ? statement->integer(0) : 0;
}

Result<std::string> Database::text(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement.has_value()) return statement.error();
  const auto row = statement->step();
  if (!row.has_value()) return row.error();
  return *row ? std::string(statement->text(0)) : std::string();
}

Failure Database::failure() const { return owned_->connection->failure; }

bool Database::in_transaction() const { return sqlite3_get_autocommit(owned_->handle()) == 0; }

}  // namespace homeostat::sqlite
