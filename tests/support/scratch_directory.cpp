// SPDX-License-Identifier: Apache-2.0
#include "tests/support/scratch_directory.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

namespace fs = std::filesystem;

std::vector<pid_t> working_inside(const std::string& path) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{"/proc", ignored}) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code error;
    const auto where = fs::read_symlink(entry.path() / "cwd", error).string();
    if (!error && where.starts_with(path)) found.push_back(static_cast<pid_t>(std::stol(name)));
  }
  return found;
}

void sweep(const std::string& path) {
  // SIGQUIT lets PostgreSQL give its shared memory back; a frozen process must thaw to hear it.
  for (const pid_t pid : working_inside(path)) {
    kill(pid, SIGQUIT);
    kill(pid, SIGCONT);
  }
  const auto gone = [&] { return working_inside(path).empty(); };
  if (!eventually(gone, std::chrono::seconds{5})) {
    for (const pid_t pid : working_inside(path)) kill(pid, SIGKILL);
    eventually(gone, std::chrono::seconds{5});
  }
  std::error_code ignored;
  fs::remove_all(path, ignored);
}

// Twice forked and in a session of its own: whoever kills the test's process tree or its terminal's
// group does not hit the sweeper.
void start_sweeper(const std::string& path, int alive, int swept) {
  const pid_t middle = fork();
  if (middle < 0) throw std::runtime_error("cannot fork");
  if (middle > 0) {
    waitpid(middle, nullptr, 0);
    return;
  }
  setsid();
  if (fork() != 0) _exit(0);
  // Above all the test's output, whose end somebody may be waiting for.
  const auto low = static_cast<unsigned>(std::min(alive, swept));
  const auto high = static_cast<unsigned>(std::max(alive, swept));
  if (low > 0) close_range(0, low - 1, 0);
  if (high > low + 1) close_range(low + 1, high - 1, 0);
  close_range(high + 1, ~0U, 0);
  char byte = 0;
  while (read(alive, &byte, 1) > 0) {
  }
  sweep(path);
  _exit(0);
}

}  // namespace

void give_to(const std::string& path, const std::string& user) {
  if (user.empty() || geteuid() != 0) return;
  const passwd* owner = getpwnam(user.c_str());
  if (owner == nullptr) throw std::runtime_error("no such user: " + user);
  const auto give = [&](const fs::path& what) {
    if (lchown(what.c_str(), owner->pw_uid, owner->pw_gid) != 0) {
      throw std::runtime_error("cannot chown " + what.string());
    }
  };
  give(path);
  if (!fs::is_directory(path)) return;
  for (const auto& entry : fs::recursive_directory_iterator{path}) give(entry.path());
}

ScratchDirectory::ScratchDirectory(const std::string& owner) {
  auto pattern = (fs::temp_directory_path() / "homeostat-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make " + pattern);
  path_ = pattern;
  int alive[2];
  int swept[2];
  if (pipe2(alive, O_CLOEXEC) != 0 || pipe2(swept, O_CLOEXEC) != 0) {
    throw std::runtime_error("cannot make a pipe");
  }
  start_sweeper(path_, alive[0], swept[1]);
  close(alive[0]);
  close(swept[1]);
  alive_ = alive[1];
  swept_ = swept[0];
  give_to(path_, owner);
}

ScratchDirectory::~ScratchDirectory() {
  close(alive_);
  char byte = 0;
  while (read(swept_, &byte, 1) > 0) {
  }
  close(swept_);
}

}  // namespace homeostat::testing
