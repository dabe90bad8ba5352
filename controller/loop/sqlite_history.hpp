// SPDX-License-Identifier: Apache-2.0
// The journal of a daemon that is not running, opened to be read: by the command line and by
// replay.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "controller/loop/journal_reader.hpp"
#include "controller/ports/history.hpp"

namespace homeostat {

class SqliteHistory : public History {
 public:
  /// Error `storage` when there is no such file, when it is no journal, or when a running daemon
  /// holds it: that one is asked over HTTP instead.
  [[nodiscard]] static Result<SqliteHistory> open(const std::string& path);

  Result<std::vector<RecordedVerdict>> verdicts(const HistoryQuery& query) const override;
  Result<std::vector<RecordedAct>> acts(const HistoryQuery& query) const override;
  Result<std::vector<RecordedEffect>> effects(const HistoryQuery& query) const override;

  /// As journal::read_steps().
  Result<std::vector<journal::RecordedStep>> steps(std::int64_t& after, int limit) const;

 private:
  explicit SqliteHistory(sqlite::Database database);
  // A question moves the connection along without changing what it would answer.
  std::unique_ptr<sqlite::Database> database_;
};

}  // namespace homeostat
