// SPDX-License-Identifier: Apache-2.0
#include "tests/support/postgres_template.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tests/support/child_process.hpp"
#include "tests/support/postgres_cluster.hpp"

namespace homeostat::testing {
namespace {

namespace fs = std::filesystem;

void initdb(const std::string& scratch, const std::string& target) {
  ProcessOptions options;
  options.user = server_user();
  options.directory = scratch;
  options.log = scratch + "/initdb.log";
  ChildProcess process{
      {postgres_binaries() + "/initdb", "--no-sync", "--username=postgres", "--auth=trust",
       "--encoding=UTF8", "--locale=C", "--wal-segsize=1", "--pgdata=" + target},
      options};
  const auto status = process.wait(std::chrono::seconds{120});
  if (status == 0) return;
  std::ifstream log{options.log};
  throw std::runtime_error("initdb failed: " +
                           std::string{std::istreambuf_iterator<char>{log}, {}});
}

// One template a set of binaries.
fs::path template_path() {
  auto name = postgres_binaries();
  std::replace(name.begin(), name.end(), '/', '_');
  return fs::path{HOMEOSTAT_TEST_CACHE} / ("initdb" + name);
}

// Tests run side by side: the first one makes the template, the others wait for it.
class Lock {
 public:
  explicit Lock(const std::string& path)
      : file_{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)} {
    if (file_ >= 0) flock(file_, LOCK_EX);
  }
  ~Lock() {
    if (file_ >= 0) close(file_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  bool held() const { return file_ >= 0; }

 private:
  int file_;
};

constexpr auto kAll = fs::copy_options::recursive;

// False when nothing can be kept in the build tree.
bool ensure_template(const std::string& scratch, const fs::path& where) {
  std::error_code error;
  fs::create_directories(where.parent_path(), error);
  const Lock lock{where.string() + ".lock"};
  if (!lock.held()) return false;
  if (fs::exists(where)) return true;
  const auto fresh = scratch + "/template";
  initdb(scratch, fresh);
  const auto half = where.string() + ".new";
  fs::remove_all(half, error);
  fs::copy(fresh, half, kAll, error);
  if (error) return false;
  fs::rename(half, where, error);
  return !error;
}

}  // namespace

std::string server_user() { return geteuid() == 0 ? "postgres" : ""; }

void make_distinct_data_directory(const std::string& scratch, const std::string& target) {
  initdb(scratch, target);
}

void make_data_directory(const std::string& scratch, const std::string& target) {
  const auto kept = template_path();
  if (!ensure_template(scratch, kept)) {
    initdb(scratch, target);
    return;
  }
  fs::copy(kept, target, kAll);
  fs::permissions(target, fs::perms::owner_all);
  give_to(target, server_user());
}

}  // namespace homeostat::testing
