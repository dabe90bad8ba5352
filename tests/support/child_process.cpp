// SPDX-License-Identifier: Apache-2.0
#include "tests/support/child_process.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.hpp"

extern char** environ;

namespace homeostat::testing {
namespace {

std::vector<std::string> clean_environment(const std::vector<std::string>& more) {
  std::vector<std::string> kept = more;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable{*entry};
    if (!variable.starts_with("PG") && !variable.starts_with("LC_")) kept.emplace_back(variable);
  }
  kept.emplace_back("LC_ALL=C");
  return kept;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> result;
  for (auto& text : strings) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

// In the child, between fork and exec: only calls that are safe there.
[[noreturn]] void become(const std::vector<char*>& command, const std::vector<char*>& environment,
                         const ProcessOptions& options, const passwd* user, int output,
                         pid_t parent) {
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (user != nullptr) {
    if (setgroups(0, nullptr) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0) {
      _exit(126);
    }
  }
  // After setuid(), which clears it.
  prctl(PR_SET_PDEATHSIG, options.signal_on_our_death);
  if (getppid() != parent) _exit(126);
  if (chdir(options.directory.empty() ? "/" : options.directory.c_str()) != 0) _exit(126);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvpe(command[0], command.data(), environment.data());
  _exit(127);
}

struct ProcessState {
  char letter = 0;  // as in /proc/PID/stat; 0: no such process
  pid_t parent = 0;
};

ProcessState state_of(const std::string& pid) {
  std::ifstream file{"/proc/" + pid + "/stat"};
  std::string text;
  std::getline(file, text);
  ProcessState state;
  const auto after_name = text.rfind(')');
  if (after_name == std::string::npos) return state;
  if (sscanf(text.c_str() + after_name + 1, " %c %d", &state.letter, &state.parent) != 2) return {};
  return state;
}

}  // namespace

ChildProcess::ChildProcess(std::vector<std::string> command, const ProcessOptions& options) {
  const passwd* user = nullptr;
  if (!options.user.empty() && geteuid() == 0) {
    user = getpwnam(options.user.c_str());
    if (user == nullptr) throw std::runtime_error("no such user: " + options.user);
  }
  const auto log = options.log.empty() ? std::string{"/dev/null"} : options.log;
  const int output = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (output < 0) throw std::runtime_error("cannot write " + log);
  auto environment = clean_environment(options.environment);
  const auto arguments = pointers(command);
  const auto variables = pointers(environment);
  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) become(arguments, variables, options, user, output, parent);
  close(output);
  if (pid_ < 0) {
    pid_ = 0;
    throw std::runtime_error("cannot fork");
  }
}

ChildProcess::~ChildProcess() {
  if (!running()) return;
  signal(SIGKILL);
  signal(SIGCONT);
  wait(std::chrono::seconds{30});
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept
    : pid_{std::exchange(other.pid_, 0)}, status_{other.status_} {}

ChildProcess& ChildProcess::operator=(ChildProcess&& other) noexcept {
  if (this == &other) return *this;
  ChildProcess old{std::move(*this)};
  pid_ = std::exchange(other.pid_, 0);
  status_ = other.status_;
  return *this;
}

void ChildProcess::reap(int status) {
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  pid_ = 0;
}

bool ChildProcess::running() {
  if (pid_ == 0) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) == pid_) reap(status);
  return pid_ != 0;
}

void ChildProcess::signal(int number) const {
  if (pid_ != 0) kill(pid_, number);
}

std::optional<int> ChildProcess::wait(std::chrono::seconds patience) {
  if (!eventually([this] { return !running(); }, patience)) return std::nullopt;
  return status_;
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc", ignored}) {
    const auto name = entry.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto state = state_of(name);
    const auto child = static_cast<pid_t>(std::stol(name));
    if (state.parent == pid && state.letter != 'Z') found.push_back(child);
  }
  return found;
}

char process_state(pid_t pid) {
  const char letter = state_of(std::to_string(pid)).letter;
  return letter == 'Z' ? '\0' : letter;
}

int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = bind(socket, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                     getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(socket);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace homeostat::testing
