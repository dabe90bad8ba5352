// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/sqlite_journal.hpp"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "controller/loop/journal_file.hpp"
#include "controller/loop/journal_reader.hpp"
#include "controller/loop/journal_retention.hpp"
#include "controller/loop/journal_writer.hpp"

namespace homeostat {
namespace {

/// Steps kept while the disk refuses: ten minutes, some 2 MB.
constexpr std::size_t kMostPending = 600;

}  // namespace

struct SqliteJournal::Impl {
  explicit Impl(JournalOptions given) : options(std::move(given)) {}

  JournalOptions options;
  std::optional<sqlite::Database> database;
  std::optional<journal::Writer> writer;  // holds statements: goes before the database
  std::uint64_t inode = 0;
  std::deque<JournalStep> pending;
  bool acts_pending = false;
  bool usable = false;
  std::vector<std::string> quarantined;

  void close_file() {
    writer.reset();
    database.reset();
  }

  Result<JournalOpening> open() {
    close_file();
    auto file = journal::open_file(options.path);
    if (!file.has_value()) return file.error();
    if (!file->quarantined.empty()) quarantined.push_back(file->quarantined);
    if (options.max_pages > 0) {
      const auto limited =
          file->database.execute("PRAGMA max_page_count = " + std::to_string(options.max_pages));
      if (!limited.has_value()) return limited.error();
    }
    auto started = journal::Writer::start(file->database);
    if (!started.has_value()) return started.error();
    database.emplace(std::move(file->database));
    writer.emplace(std::move(*started));
    inode = journal::inode_of(options.path);
    return JournalOpening{std::move(file->quarantined)};
  }

  /// A damaged file is closed, so that the next open() finds and replaces it.
  Result<void> checked(Result<void> done) {
    if (!done.has_value() && database && database->failure() == sqlite::Failure::corrupt) {
      close_file();
    }
    return done;
  }

  /// Writes everything pending. What could not be written stays pending.
  Result<void> flush() {
    if (!database) {
      auto opened = open();
      if (!opened.has_value()) {
        usable = false;
        return opened.error();
      }
    }
    if (pending.empty()) {
      usable = true;
      return {};
    }
    auto written = checked(writer->write(*database, pending, acts_pending));
    usable = written.has_value();
    if (!usable) return written;
    pending.clear();
    acts_pending = false;
    return {};
  }

  void keep(const JournalStep& step) {
    if (pending.size() >= kMostPending) pending.pop_front();
    pending.push_back(step);
    acts_pending = acts_pending || !step.acts.empty();
  }

  /// The database to ask, with everything in it that can be.
  Result<sqlite::Database*> asked() {
    if (!pending.empty() || !database) (void)flush();
    if (database) return &*database;
    return Error{ErrorCode::storage, options.path + ": the journal is not open"};
  }
};

SqliteJournal::SqliteJournal(JournalOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}

SqliteJournal::~SqliteJournal() {
  if (impl_->database && !impl_->pending.empty()) (void)impl_->flush();
}

Result<JournalOpening> SqliteJournal::open() {
  auto opened = impl_->open();
  impl_->usable = opened.has_value();
  return opened;
}

Result<void> SqliteJournal::append(const JournalStep& step) {
  impl_->keep(step);
  const auto enough = static_cast<std::size_t>(std::max(impl_->options.quiet_steps, 1));
  const bool wait = impl_->usable && step.acts.empty() && impl_->pending.size() < enough;
  return wait ? Result<void>{} : impl_->flush();
}

Result<void> SqliteJournal::flush() { return impl_->flush(); }

Result<void> SqliteJournal::prune(WallTime now) {
  auto& impl = *impl_;
  if (impl.database && journal::inode_of(impl.options.path) != impl.inode) {
    // Deleted or replaced under us: what is written now would vanish with the process.
    impl.close_file();
    auto flushed = impl.flush();
    if (!flushed.has_value()) return flushed;
  }
  if (!impl.database) {
    return Error{ErrorCode::storage, impl.options.path + ": the journal is not open"};
  }
  const auto oldest = now - impl.options.keep;
  return impl.checked(journal::drop_old(*impl.database, oldest, impl.options.max_bytes));
}

bool SqliteJournal::usable() const { return impl_->usable; }

Result<void> SqliteJournal::close() {
  auto flushed = impl_->pending.empty() ? Result<void>{} : impl_->flush();
  impl_->close_file();
  impl_->usable = false;
  return flushed;
}

std::vector<std::string> SqliteJournal::take_quarantined() {
  return std::exchange(impl_->quarantined, {});
}

Result<std::vector<RecordedVerdict>> SqliteJournal::verdicts(const HistoryQuery& query) const {
  auto database = impl_->asked();
  if (!database.has_value()) return database.error();
  return journal::read_verdicts(**database, query);
}

Result<std::vector<RecordedAct>> SqliteJournal::acts(const HistoryQuery& query) const {
  auto database = impl_->asked();
  if (!database.has_value()) return database.error();
  return journal::read_acts(**database, query);
}

Result<std::vector<RecordedEffect>> SqliteJournal::effects(const HistoryQuery& query) const {
  auto database = impl_->asked();
  if (!database.has_value()) return database.error();
  return journal::read_effects(**database, query);
}

}  // namespace homeostat
