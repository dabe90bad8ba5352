// SPDX-License-Identifier: Apache-2.0
// What this process takes from its machine, by /proc/self.
#pragma once

#include <optional>

namespace homeostat {

struct ProcessUsage {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double open_fds = 0;
  double max_fds = 0;
};

/// Nothing where /proc cannot be read.
std::optional<ProcessUsage> process_usage();

}  // namespace homeostat
