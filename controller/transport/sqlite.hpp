// SPDX-License-Identifier: Apache-2.0
// One SQLite database and its statements, owned. Thin: it knows no schema. Blocking, and therefore
// only for local files and small transactions.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace homeostat::sqlite {

/// What kind of failure the last Error was: some are mended in a way of their own.
enum class Failure {
  none,
  busy,      ///< somebody else holds the database
  full,      ///< no space left, on the disk or by max_page_count
  corrupt,   ///< damaged, or no SQLite database at all
  readonly,  ///< the file or its folder may not be written
  other,
};

enum class Access { read_only, read_write };

/// A prepared statement. Parameters count from 1, columns from 0. It keeps the file open: the file
/// is closed when the Database and all of its Statements are gone.
class Statement {
 public:
  Statement(Statement&&) noexcept;
  Statement& operator=(Statement&&) noexcept;
  ~Statement();

  /// Ready for another execution: every parameter is NULL again.
  Statement& reset();
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, std::string_view text);  ///< copied
  Statement& bind_null(int parameter);

  /// Executes up to the next row. True: a row stands ready; false: it is done. Error `storage`,
  /// also for a parameter that could not be bound.
  [[nodiscard]] Result<bool> step();

  std::int64_t integer(int column) const;
  /// Empty for NULL. Valid until the next step(), reset() or the end of the Statement.
  std::string_view text(int column) const;
  bool null(int column) const;

 private:
  friend class Database;
  struct Owned;
  explicit Statement(std::unique_ptr<Owned> owned);
  std::unique_ptr<Owned> owned_;
};

class Database {
 public:
  /// Opens an existing file; creates nothing. `busy` is how long an operation waits for another
  /// holder of the file.
  [[nodiscard]] static Result<Database> open(const std::string& path, Access access,
                                             Duration busy = std::chrono::milliseconds{100});

  Database(Database&&) noexcept;
  Database& operator=(Database&&) noexcept;
  ~Database();

  /// One or more statements without parameters, results thrown away.
  [[nodiscard]] Result<void> execute(const std::string& sql);
  [[nodiscard]] Result<Statement> prepare(std::string_view sql);

  /// The first column of the first row: of a PRAGMA or an aggregate. 0 and empty when there is no
  /// row or it is NULL.
  [[nodiscard]] Result<std::int64_t> integer(std::string_view sql);
  [[nodiscard]] Result<std::string> text(std::string_view sql);

  /// Of the last Error that this Database or one of its Statements returned.
  Failure failure() const;

  /// True between BEGIN and COMMIT or ROLLBACK. Some failures roll back by themselves.
  bool in_transaction() const;

 private:
  struct Owned;
  explicit Database(std::unique_ptr<Owned> owned);
  std::unique_ptr<Owned> owned_;
};

}  // namespace homeostat::sqlite
