// SPDX-License-Identifier: Apache-2.0
// A stock Prometheus on a free port of 127.0.0.1 that scrapes one target, for as long as the object
// lives.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

class PrometheusServer {
 public:
  /// Scrapes `target` (host:port) every so often, and gives up a scrape that takes longer than
  /// that. Waits until it is ready. Throws std::runtime_error with the end of its log.
  explicit PrometheusServer(const std::string& target,
                            std::chrono::seconds every = std::chrono::seconds{1});

  /// The value of the first series that an instant query finds; nothing when it finds none. Blocks.
  std::optional<double> query(const std::string& promql) const;

  /// The body of the range API's answer: the last five minutes, a value each second. Blocks.
  std::string query_range(const std::string& promql) const;

 private:
  ScratchDirectory scratch_;
  int port_;
  ChildProcess process_;
};

/// What `promtool check metrics` says of an exposition text; empty when it has nothing to say.
std::string promtool_complaints(const std::string& text);

/// Whether Debian's prometheus, with promtool, is installed.
bool prometheus_installed();

}  // namespace homeostat::testing
