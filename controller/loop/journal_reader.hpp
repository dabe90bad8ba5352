// SPDX-License-Identifier: Apache-2.0
// Questions to the journal's tables, for whoever has it open.
#pragma once

#include <map>
#include <vector>

#include "controller/loop/journal_samples.hpp"
#include "controller/ports/history.hpp"
#include "controller/transport/sqlite.hpp"

namespace homeostat::journal {

/// One step read back, and the start of the daemon that it belongs to: an engine that replays the
/// journal starts anew where `run` changes.
struct RecordedStep {
  std::int64_t run = 0;
  JournalStep step;
};

Result<std::vector<RecordedVerdict>> read_verdicts(sqlite::Database& database,
                                                   const HistoryQuery& query);
Result<std::vector<RecordedAct>> read_acts(sqlite::Database& database, const HistoryQuery& query);
Result<std::vector<RecordedEffect>> read_effects(sqlite::Database& database,
                                                 const HistoryQuery& query);

/// Steps with number > `after`, oldest first, at most `limit` (bounded as every limit is). `after`
/// becomes the number of the last one: call again until nothing comes.
Result<std::vector<RecordedStep>> read_steps(sqlite::Database& database, std::int64_t& after,
                                             int limit);

Result<std::map<std::int64_t, Series>> read_series(sqlite::Database& database);

}  // namespace homeostat::journal
