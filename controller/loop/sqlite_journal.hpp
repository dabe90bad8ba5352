// SPDX-License-Identifier: Apache-2.0
// The journal in a local SQLite file: what the supervisor saw, concluded and did, and the answers
// to questions about it. Never decides; losing it stops forward acts and nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "controller/ports/history.hpp"
#include "controller/ports/journal.hpp"

namespace homeostat {

struct JournalOptions {
  std::string path;
  Duration keep = std::chrono::hours{24 * 14};
  std::int64_t max_bytes = 100'000'000;  ///< of the file; its write-ahead log (4 MiB) comes on top
  int quiet_steps = 5;                   ///< steps without acts that are written together
  std::int64_t max_pages = 0;            ///< SQLite's own limit; 0: none. For tests of a full disk
};

/// What open() found.
struct JournalOpening {
  std::string quarantined;  ///< where the damaged predecessor went; empty when it was sound
};

/// One connection, which holds the file locked (hazard 41). Steps without acts are kept in memory
/// and written five at a time, without waiting for the disk; a step with acts is written at once
/// and is on the disk when append() returns (synchronous=FULL). While the disk refuses, the newest
/// 600 steps are kept in memory and every append() tries again, reopening the file when need be.
class SqliteJournal : public Journal, public History {
 public:
  /// Touches nothing yet; not usable until open() or an append() succeeded.
  explicit SqliteJournal(JournalOptions options);
  ~SqliteJournal() override;  ///< writes what it still holds, if it can

  /// Creates the file when it is missing and sets a damaged one aside. After an Error the journal
  /// can be used all the same: every append() tries to open it.
  [[nodiscard]] Result<JournalOpening> open();

  [[nodiscard]] Result<void> append(const JournalStep& step) override;
  [[nodiscard]] Result<void> flush() override;

  /// Deletes a bounded number of the oldest rows a call, and gives their pages back to the disk
  /// when the file is over its limit or a quarter empty.
  [[nodiscard]] Result<void> prune(WallTime now) override;
  bool usable() const override;

  /// Writes what is held in memory and closes the file.
  [[nodiscard]] Result<void> close();

  /// Where damaged files went since the last call: one may also be found long after the start.
  std::vector<std::string> take_quarantined();

  // A question first writes what is held in memory, so that nobody is told less than has happened.
  Result<std::vector<RecordedVerdict>> verdicts(const HistoryQuery& query) const override;
  Result<std::vector<RecordedAct>> acts(const HistoryQuery& query) const override;
  Result<std::vector<RecordedEffect>> effects(const HistoryQuery& query) const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace homeostat
