// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/journal_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "controller/loop/journal_schema.hpp"

namespace homeostat::journal {
namespace {

namespace fs = std::filesystem;

constexpr int kQuarantinedKept = 3;

Error file_error(const std::string& path, int number) {
  return {ErrorCode::storage, path + ": " + std::generic_category().message(number)};
}

/// SQLite would create it with the umask's mode. Also says what is wrong with a path better than
/// SQLite does.
Result<void> make_private_file(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
  if (file < 0) return file_error(path, errno);
  // Somebody else's file keeps its mode: that is theirs to say.
  struct stat status {};
  if (::fstat(file, &status) == 0 && status.st_uid == ::geteuid()) (void)::fchmod(file, 0600);
  ::close(file);
  return {};
}

/// N of PATH.corrupt-N.
std::optional<int> quarantine_number(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return std::nullopt;
  const auto digits = name.substr(prefix.size());
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (digits.empty() || digits.size() > 6 || !std::all_of(digits.begin(), digits.end(), digit)) {
    return std::nullopt;
  }
  return std::stoi(digits);
}

Result<std::string> quarantine(const std::string& path) {
  const auto prefix = fs::path(path).filename().string() + ".corrupt-";
  auto folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  std::error_code code;
  int newest = 0;
  std::vector<std::pair<int, fs::path>> kept;
  for (fs::directory_iterator at(folder, code), end; !code && at != end; at.increment(code)) {
    const auto number = quarantine_number(at->path().filename().string(), prefix);
    if (!number) continue;
    newest = std::max(newest, *number);
    kept.emplace_back(*number, at->path());
  }
  for (const auto& [number, old] : kept) {
    if (number > newest + 1 - kQuarantinedKept) continue;
    fs::remove(old, code);
    fs::remove(old.string() + "-wal", code);
  }
  const auto target = path + ".corrupt-" + std::to_string(newest + 1);
  fs::rename(path, target, code);
  if (code) return Error{ErrorCode::storage, path + ": " + code.message()};
  // The rest of its history; a fresh file must not take it for its own.
  fs::rename(path + "-wal", target + "-wal", code);
  fs::remove(path + "-wal", code);
  fs::remove(path + "-shm", code);
  return target;
}

/// `corrupt` is set when the file is beyond use, and only then.
Result<sqlite::Database> open_sound(const std::string& path, bool& corrupt) {
  auto opened = sqlite::Database::open(path, sqlite::Access::read_write);
  if (!opened.has_value()) return opened.error();
  auto& database = *opened;
  const auto failed = [&](Error error) -> Result<sqlite::Database> {
    corrupt = database.failure() == sqlite::Failure::corrupt;
    if (database.failure() == sqlite::Failure::busy) {
      error.context = path + ": another Homeostat holds this journal";
    } else if (!error.context.starts_with(path)) {
      error.context = path + ": " + error.context;
    }
    return error;
  };
  // The exclusive lock counts only when it is asked for before the WAL is opened, and auto_vacuum
  // only before the first page is written. Nothing is changed in a file that is not ours.
  auto done = database.execute("PRAGMA locking_mode = EXCLUSIVE");
  if (done.has_value()) done = check_unless_empty(database);
  if (!done.has_value()) return failed(done.error());
  done = database.execute(
      "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
      "PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -2048");
  if (!done.has_value()) return failed(done.error());
  const auto check = database.text("PRAGMA quick_check(1)");
  if (!check.has_value()) return failed(check.error());
  if (*check != "ok") {
    corrupt = true;
    return Error{ErrorCode::storage, path + ": damaged: " + *check};
  }
  done = create_if_empty(database);
  if (!done.has_value()) return failed(done.error());
  return std::move(*opened);
}

}  // namespace

std::uint64_t inode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_ino : 0;
}

Result<OpenedFile> open_file(const std::string& path) {
  std::string quarantined;
  for (int attempt = 0;; ++attempt) {
    const auto made = make_private_file(path);
    if (!made.has_value()) return made.error();
    bool corrupt = false;
    auto database = open_sound(path, corrupt);
    if (database.has_value()) return OpenedFile{std::move(*database), std::move(quarantined)};
    if (!corrupt || attempt > 0) return database.error();
    auto moved = quarantine(path);
    if (!moved.has_value()) return moved.error();
    quarantined = std::move(*moved);
  }
}

}  // namespace homeostat::journal
