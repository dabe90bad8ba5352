// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/journal_retention.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace homeostat::journal {
namespace {

/// Steps deleted in one transaction, with all that they did: some milliseconds.
constexpr std::int64_t kStepsAtOnce = 1000;
/// Transactions a call, so that a tick is not kept waiting.
constexpr int kRounds = 3;
/// Pages moved and given back a call.
constexpr std::int64_t kPagesAtOnce = 2000;

struct Size {
  std::int64_t page = 0;
  std::int64_t pages = 0;
  std::int64_t free = 0;
};

Result<Size> size_of(sqlite::Database& database) {
  const auto page = database.integer("PRAGMA page_size");
  if (!page.has_value()) return page.error();
  const auto pages = database.integer("PRAGMA page_count");
  if (!pages.has_value()) return pages.error();
  const auto free = database.integer("PRAGMA freelist_count");
  if (!free.has_value()) return free.error();
  return Size{*page, *pages, *free};
}

/// The oldest `count` steps before `before`, at most kStepsAtOnce, and everything of their time;
/// false when there is none.
Result<bool> drop_steps(sqlite::Database& database, std::int64_t count, std::int64_t before) {
  const auto steps = std::min(count, kStepsAtOnce);
  const auto oldest = "FROM (SELECT wall FROM step WHERE wall < " + std::to_string(before) +
                      " ORDER BY wall LIMIT " + std::to_string(steps) + ")";
  const auto any = database.integer("SELECT count(*) " + oldest);
  if (!any.has_value()) return any.error();
  if (*any == 0) return false;
  const auto newest = database.integer("SELECT max(wall) " + oldest);
  if (!newest.has_value()) return newest.error();
  auto done = database.execute("BEGIN IMMEDIATE");
  for (const std::string table : {"step", "basis", "job", "verdict", "act", "effect"}) {
    if (!done.has_value()) break;
    done = database.execute("DELETE FROM " + table + " WHERE wall <= " + std::to_string(*newest));
  }
  if (done.has_value()) done = database.execute("COMMIT");
  if (done.has_value()) return true;
  const auto error = done.error();
  if (database.in_transaction()) (void)database.execute("ROLLBACK");
  return error;
}

/// Deletes until the pages in use fit into `fitting`, or enough for one call.
Result<void> drop_excess(sqlite::Database& database, std::int64_t fitting) {
  for (int round = 0; round < kRounds; ++round) {
    const auto size = size_of(database);
    if (!size.has_value()) return size.error();
    const auto used = size->pages - size->free;
    if (used <= fitting) return {};
    const auto steps = database.integer("SELECT max(id) - min(id) + 1 FROM step");
    if (!steps.has_value()) return steps.error();
    const auto share = static_cast<double>(used - fitting) / static_cast<double>(used);
    const auto count = static_cast<std::int64_t>(share * static_cast<double>(*steps)) + 1;
    const auto dropped = drop_steps(database, count, std::numeric_limits<std::int64_t>::max());
    if (!dropped.has_value()) return dropped.error();
    if (!*dropped) return {};
  }
  return {};
}

/// Pages are moved within the WAL first: only the checkpoint shrinks the file.
Result<void> give_back(sqlite::Database& database, std::int64_t pages) {
  auto done = database.execute("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")");
  if (done.has_value()) done = database.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return done;
}

}  // namespace

Result<void> drop_old(sqlite::Database& database, WallTime oldest, std::int64_t max_bytes) {
  const auto expired = oldest.time_since_epoch().count();
  for (int round = 0; round < kRounds; ++round) {
    const auto dropped = drop_steps(database, kStepsAtOnce, expired);
    if (!dropped.has_value()) return dropped.error();
    if (!*dropped) break;
  }
  auto size = size_of(database);
  if (!size.has_value()) return size.error();
  const auto fitting = max_bytes / size->page;
  if (size->pages > fitting) {
    auto dropped = drop_excess(database, fitting);
    if (!dropped.has_value()) return dropped;
    size = size_of(database);
    if (!size.has_value()) return size.error();
  }
  // Free pages below the limit are used again by the next rows; moving them would be idle work.
  const auto excess = std::max(size->pages - fitting, std::int64_t{0});
  const auto surplus = size->free > size->pages / 4 ? size->free : 0;
  const auto pages = std::min({std::max(excess, surplus), size->free, kPagesAtOnce});
  return pages > 0 ? give_back(database, pages) : Result<void>{};
}

}  // namespace homeostat::journal
