// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/sqlite_history.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include "controller/loop/journal_schema.hpp"

namespace homeostat {

SqliteHistory::SqliteHistory(sqlite::Database database)
    : database_(std::make_unique<sqlite::Database>(std::move(database))) {}

Result<SqliteHistory> SqliteHistory::open(const std::string& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) {
    const auto why = code ? code : std::make_error_code(std::errc::no_such_file_or_directory);
    return Error{ErrorCode::storage, path + ": " + why.message()};
  }
  auto database = sqlite::Database::open(path, sqlite::Access::read_only);
  if (!database.has_value()) return database.error();
  const auto schema = journal::check_schema(*database);
  if (schema.has_value()) return SqliteHistory(std::move(*database));
  if (database->failure() == sqlite::Failure::busy) {
    return Error{ErrorCode::storage, path +
                                         ": a running daemon holds this journal: ask it, or copy "
                                         "the file together with its -wal and read "
                                         "the copy"};
  }
  const auto& context = schema.error().context;
  return Error{ErrorCode::storage, context.starts_with(path) ? context : path + ": " + context};
}

Result<std::vector<RecordedVerdict>> SqliteHistory::verdicts(const HistoryQuery& query) const {
  return journal::read_verdicts(*database_, query);
}

Result<std::vector<RecordedAct>> SqliteHistory::acts(const HistoryQuery& query) const {
  return journal::read_acts(*database_, query);
}

Result<std::vector<RecordedEffect>> SqliteHistory::effects(const HistoryQuery& query) const {
  return journal::read_effects(*database_, query);
}

Result<std::vector<journal::RecordedStep>> SqliteHistory::steps(std::int64_t& after,
                                                                int limit) const {
  return journal::read_steps(*database_, after, limit);
}

}  // namespace homeostat
