// SPDX-License-Identifier: Apache-2.0
// The journal with a full disk, a damaged file, a file that is somebody else's, and too much to
// say.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>

#include "controller/loop/sqlite_history.hpp"
#include "controller/loop/sqlite_journal.hpp"
#include "tests/controller/loop/journal_steps.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/small_disk.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

JournalOptions tried_options_in(const std::string& folder) {
  JournalOptions options;
  options.path = folder + "/journal.db";
  return options;
}

/// About 2 kB in the file.
JournalStep wordy_step(int number) {
  auto step = quiet_step(number);
  for (int i = 0; i < 4; ++i) {
    step.verdicts.push_back(verdict_of("circuit-breaker", Step::idle, number));
  }
  return step;
}

/// Appends from `number` on until an Error, which it returns.
Error append_until_refused(SqliteJournal& journal, int& number) {
  for (; number < 100'000; ++number) {
    const auto appended = journal.append(wordy_step(number));
    if (!appended.has_value()) return appended.error();
  }
  FAIL("never refused");
  return {};
}

std::size_t steps_in(const std::string& path) {
  const auto history = SqliteHistory::open(path);
  REQUIRE(history.has_value());
  std::size_t count = 0;
  for (std::int64_t after = 0;;) {
    const auto steps = history->steps(after, 10'000);
    REQUIRE(steps.has_value());
    if (steps->empty()) return count;
    count += steps->size();
  }
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A journal of some pages, closed.
std::string written_journal(const std::string& folder, int steps) {
  const auto options = tried_options_in(folder);
  SqliteJournal journal(options);
  REQUIRE(journal.open().has_value());
  for (int number = 0; number < steps; ++number) {
    REQUIRE(journal.append(wordy_step(number)).has_value());
  }
  REQUIRE(journal.close().has_value());
  return options.path;
}

}  // namespace

TEST_CASE("journal: when full it says so, answers on, and a later append recovers (H39)") {
  const ScratchDirectory scratch;
  auto options = tried_options_in(scratch.path());
  options.max_pages = 60;
  options.keep = 60s;
  SqliteJournal journal(options);
  REQUIRE(journal.open().has_value());
  int number = 0;
  const auto error = append_until_refused(journal, number);
  CHECK(error.code == ErrorCode::storage);
  CHECK(error.context == options.path + ": database or disk is full");
  CHECK_FALSE(journal.usable());
  // A signal that is new among what is refused must not be taken for known afterwards.
  auto refused = wordy_step(++number);
  refused.samples.push_back(gauge("pg_advisory_waiters", Subject{}, 2, refused.at));
  CHECK_FALSE(journal.append(refused).has_value());
  CHECK(journal.verdicts({}).has_value());

  REQUIRE(journal.prune(wall_of_step(number + 3600)).has_value());
  REQUIRE(journal.append(wordy_step(++number)).has_value());
  CHECK(journal.usable());
  // What was refused in between was kept and is there as well.
  const auto verdicts = journal.verdicts({});
  REQUIRE(verdicts.has_value());
  CHECK(verdicts->size() >= 12);
  CHECK(verdicts->front().wall == wall_of_step(number));
  CHECK((*verdicts)[4].wall == wall_of_step(number - 1));
  CHECK((*verdicts)[8].wall == wall_of_step(number - 2));
  REQUIRE(journal.close().has_value());
  CHECK(steps_in(options.path) >= 3);
}

TEST_CASE("journal: a disk without space left is survived, also at the start (H39)") {
  const SmallDisk disk;
  if (!disk.mounted()) {
    WARN("SKIPPED: this user may not mount a small filesystem");
    return;
  }
  const auto options = tried_options_in(disk.path());
  SECTION("filled while it runs") {
    SqliteJournal journal(options);
    REQUIRE(journal.open().has_value());
    REQUIRE(journal.append(wordy_step(0)).has_value());
    disk.fill();
    int number = 1;
    CHECK(append_until_refused(journal, number).code == ErrorCode::storage);
    CHECK_FALSE(journal.usable());
    disk.make_room();
    REQUIRE(journal.append(wordy_step(number + 1)).has_value());
    CHECK(journal.usable());
    REQUIRE(journal.close().has_value());
    CHECK(steps_in(options.path) == static_cast<std::size_t>(number) + 2);
  }
  SECTION("full before the start") {
    disk.fill();
    SqliteJournal journal(options);
    const auto opened = journal.open();
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().code == ErrorCode::storage);
    CHECK_FALSE(journal.append(wordy_step(0)).has_value());
    CHECK_FALSE(journal.usable());
    disk.make_room();
    REQUIRE(journal.append(wordy_step(1)).has_value());
    CHECK(journal.usable());
    CHECK(journal.verdicts({})->size() == 8);
    CHECK(journal.take_quarantined().empty());
  }
}

TEST_CASE("journal: a damaged file is set aside and named, and a fresh one started (H40)") {
  const ScratchDirectory scratch;
  const auto path = written_journal(scratch.path(), 50);
  auto bytes = read_file(path);
  SECTION("overwritten in the middle") { bytes.replace(8192, 8192, 8192, '\x5a'); }
  SECTION("cut off") { bytes.resize(bytes.size() / 2 + 100); }
  SECTION("no database at all") { bytes = "It was a dark and stormy night, and the disk said so."; }
  write_file(path, bytes);

  SqliteJournal journal(tried_options_in(scratch.path()));
  const auto opened = journal.open();
  REQUIRE(opened.has_value());
  CHECK(opened->quarantined == path + ".corrupt-1");
  CHECK(read_file(path + ".corrupt-1") == bytes);
  CHECK(journal.take_quarantined() == std::vector<std::string>{path + ".corrupt-1"});
  CHECK(journal.take_quarantined().empty());
  CHECK(journal.usable());
  CHECK(journal.verdicts({})->empty());
  REQUIRE(journal.append(wordy_step(0)).has_value());
  REQUIRE(journal.close().has_value());
  CHECK(journal.open()->quarantined.empty());
}

TEST_CASE("journal: only the newest three damaged files are kept (H40)") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() + "/journal.db";
  for (int time = 1; time <= 5; ++time) {
    write_file(path, "damage number " + std::to_string(time));
    SqliteJournal journal(tried_options_in(scratch.path()));
    REQUIRE(journal.open().has_value());
  }
  CHECK_FALSE(fs::exists(path + ".corrupt-2"));
  CHECK(read_file(path + ".corrupt-3") == "damage number 3");
  CHECK(read_file(path + ".corrupt-5") == "damage number 5");
}

TEST_CASE("journal: no flipped bit and no truncation keeps it from starting (H40)") {
  const ScratchDirectory scratch;
  const auto path = written_journal(scratch.path(), 20);
  const auto sound = read_file(path);
  std::mt19937 random(20260101);
  for (int round = 0; round < 200; ++round) {
    auto bytes = sound;
    // The schema is where a flip does most; elsewhere most flips only change a text.
    const auto place = random() % (round % 2 == 0 ? 4096 : bytes.size());
    bytes[place] = static_cast<char>(bytes[place] ^ (1 << random() % 8));
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    write_file(path, bytes);
    SqliteJournal journal(tried_options_in(scratch.path()));
    const auto opened = journal.open();
    INFO("round " << round << ", byte " << place);
    // A flip in the marks by which we know our own file makes it somebody else's: refused, in
    // words.
    if (!opened.has_value()) {
      CHECK(opened.error().context.find("this file is ") != std::string::npos);
      continue;
    }
    (void)journal.verdicts({});
    (void)journal.append(wordy_step(1000));
    (void)journal.prune(wall_of_step(1000));
    (void)journal.append(wordy_step(1001));
  }
}

TEST_CASE("journal: a database that is somebody else's is refused and left as it was") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() + "/journal.db";
  write_file(path, "");
  {
    auto other = sqlite::Database::open(path, sqlite::Access::read_write);
    REQUIRE(other.has_value());
    REQUIRE(other->execute("CREATE TABLE accounts (id INTEGER)").has_value());
  }
  const auto before = read_file(path);
  SqliteJournal journal(tried_options_in(scratch.path()));
  const auto opened = journal.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().context ==
        path + ": this file is no journal of Homeostat: name another one, or move it away");
  CHECK_FALSE(journal.append(quiet_step(0)).has_value());
  CHECK(read_file(path) == before);
}

TEST_CASE("journal: tables of a newer version are refused and named") {
  const ScratchDirectory scratch;
  const auto path = written_journal(scratch.path(), 1);
  {
    auto newer = sqlite::Database::open(path, sqlite::Access::read_write);
    REQUIRE(newer->execute("UPDATE meta SET value = '999' WHERE key = 'schema'").has_value());
  }
  SqliteJournal journal(tried_options_in(scratch.path()));
  const auto opened = journal.open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().context.find("tables of version 999") != std::string::npos);
  CHECK_FALSE(SqliteHistory::open(path).has_value());
}

TEST_CASE("journal: what is older than the retention goes, from every table") {
  const ScratchDirectory scratch;
  auto options = tried_options_in(scratch.path());
  options.keep = 100s;
  SqliteJournal journal(options);
  REQUIRE(journal.open().has_value());
  for (int number = 0; number < 300; ++number) {
    auto step = wordy_step(number);
    step.acts.push_back(act_of("circuit-breaker", number));
    REQUIRE(journal.append(step).has_value());
  }
  REQUIRE(journal.prune(wall_of_step(299)).has_value());
  HistoryQuery everything;
  everything.limit = 10'000;
  CHECK(journal.verdicts(everything)->size() == 4 * 101);
  const auto acts = journal.acts(everything);
  CHECK(acts->size() == 101);
  CHECK(acts->back().wall == wall_of_step(199));
  REQUIRE(journal.close().has_value());
  CHECK(steps_in(options.path) == 101);
}

TEST_CASE("journal: the file itself shrinks under its limit, the newest steps stay") {
  const ScratchDirectory scratch;
  auto options = tried_options_in(scratch.path());
  SqliteJournal journal(options);
  REQUIRE(journal.open().has_value());
  for (int number = 0; number < 1000; ++number) {
    REQUIRE(journal.append(wordy_step(number)).has_value());
  }
  REQUIRE(journal.close().has_value());
  const auto before = fs::file_size(options.path);
  options.max_bytes = 500'000;
  REQUIRE(before > 3 * 500'000);

  SqliteJournal limited(options);
  REQUIRE(limited.open().has_value());
  for (int tick = 0; tick < 5; ++tick) REQUIRE(limited.prune(wall_of_step(1000)).has_value());
  CHECK(fs::file_size(options.path) <= 500'000);
  CHECK(fs::file_size(options.path) > 250'000);
  REQUIRE(limited.close().has_value());
  CHECK(fs::file_size(options.path) <= 500'000);
  const auto history = SqliteHistory::open(options.path);
  HistoryQuery newest;
  newest.limit = 1;
  CHECK(history->verdicts(newest)->front().wall == wall_of_step(999));
}

TEST_CASE("journal: a file deleted under it is noticed at the next tick and made anew") {
  const ScratchDirectory scratch;
  const auto options = tried_options_in(scratch.path());
  SqliteJournal journal(options);
  REQUIRE(journal.open().has_value());
  fs::remove(options.path);
  fs::remove(options.path + "-wal");
  REQUIRE(journal.prune(wall_of_step(0)).has_value());
  REQUIRE(journal.append(wordy_step(0)).has_value());
  REQUIRE(journal.close().has_value());
  CHECK(steps_in(options.path) == 1);
}
