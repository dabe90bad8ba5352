// SPDX-License-Identifier: Apache-2.0
// Writes steps into an open journal. Knows no buffer and no retry.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

#include "controller/loop/journal_samples.hpp"
#include "controller/ports/journal.hpp"
#include "controller/transport/sqlite.hpp"

namespace homeostat::journal {

class Writer {
 public:
  /// Prepares the statements and begins a new run. Errors `storage`.
  static Result<Writer> start(sqlite::Database& database);

  /// All of them in one transaction, or none. `durable`: on the disk when this returns.
  Result<void> write(sqlite::Database& database, const std::deque<JournalStep>& steps,
                     bool durable);

 private:
  struct Statements {
    sqlite::Statement series;
    sqlite::Statement step;
    sqlite::Statement basis;
    sqlite::Statement job;
    sqlite::Statement verdict;
    sqlite::Statement act;
    sqlite::Statement effect;
  };
  Writer(Statements statements, std::map<Series, std::int64_t> numbers, std::int64_t run,
         std::int64_t last_step);

  Result<void> write_all(const std::deque<JournalStep>& steps);
  Result<void> write_one(const JournalStep& step);
  Result<void> number_series(const std::vector<Sample>& samples);

  Statements statements_;
  std::map<Series, std::int64_t> numbers_;
  std::int64_t run_;
  std::int64_t last_step_;
};

}  // namespace homeostat::journal
