// SPDX-License-Identifier: Apache-2.0
// A program started by a test, which does not outlive the test.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace homeostat::testing {

struct ProcessOptions {
  std::string log;              ///< file for its output; empty: /dev/null
  std::string user;             ///< to become, when the test runs as root; empty: stay
  std::string directory;        ///< to work in; empty: /
  int signal_on_our_death = 9;  ///< what it gets when the test dies
  std::vector<std::string> environment = {};  ///< NAME=VALUE, besides what it inherits
};

/// One child. It inherits our environment without PG… and LC_… variables.
class ChildProcess {
 public:
  ChildProcess() = default;
  /// Throws std::runtime_error when the program cannot be executed.
  ChildProcess(std::vector<std::string> command, const ProcessOptions& options);
  ~ChildProcess();  ///< SIGKILL, if it still runs
  ChildProcess(ChildProcess&& other) noexcept;
  ChildProcess& operator=(ChildProcess&& other) noexcept;

  pid_t pid() const { return pid_; }  ///< 0 when there is none
  bool running();
  void signal(int number) const;
  /// Exit status (128 + signal when killed), or nothing when it still runs after `patience`.
  std::optional<int> wait(std::chrono::seconds patience);

 private:
  void reap(int status);
  pid_t pid_ = 0;
  int status_ = 0;
};

/// The processes whose parent is `pid`.
std::vector<pid_t> children_of(pid_t pid);

/// State of a process as in /proc/PID/stat (`R`, `S`, `T` …); 0 when there is none or it is dead.
char process_state(pid_t pid);

/// Free TCP port of 127.0.0.1 at the time of the call.
int free_port();

}  // namespace homeostat::testing
