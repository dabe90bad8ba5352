// SPDX-License-Identifier: Apache-2.0
#include "controller/api/process_usage.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace homeostat {
namespace {

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

}  // namespace

std::optional<ProcessUsage> process_usage() {
  ProcessUsage usage;
  std::ifstream statm("/proc/self/statm");  // sizes in pages: total, resident, …
  double total = 0;
  double resident = 0;
  if (!(statm >> total >> resident)) return std::nullopt;
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  usage.virtual_bytes = total * page;
  usage.resident_bytes = resident * page;

  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) != 0) return std::nullopt;
  usage.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);

  std::error_code ec;
  const std::filesystem::directory_iterator fds("/proc/self/fd", ec);
  if (ec) return std::nullopt;
  // The listing itself holds one.
  usage.open_fds = static_cast<double>(std::distance(begin(fds), end(fds))) - 1;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::nullopt;
  usage.max_fds = static_cast<double>(limit.rlim_cur);
  return usage;
}

}  // namespace homeostat
