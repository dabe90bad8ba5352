// SPDX-License-Identifier: Apache-2.0
// A subcommand run inside the test, as it is called.
#pragma once

#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace homeostat::testing {

/// What a stream is told while this lives.
class Captured {
 public:
  explicit Captured(std::ostream& stream) : stream_(stream), before_(stream.rdbuf(said_.rdbuf())) {}
  ~Captured() { stream_.rdbuf(before_); }
  Captured(const Captured&) = delete;
  Captured& operator=(const Captured&) = delete;
  std::string text() const { return said_.str(); }

 private:
  std::ostringstream said_;
  std::ostream& stream_;
  std::streambuf* before_;
};

struct Ran {
  int status = -1;
  std::string out;
  std::string err;
};

/// `homeostat` with these arguments and the subcommands that `add` adds.
template <class Add>
Ran run_command(Add add, std::vector<std::string> arguments) {
  CLI::App app;
  std::function<int()> chosen;
  add(app, chosen);
  std::reverse(arguments.begin(), arguments.end());
  app.parse(arguments);
  const Captured out(std::cout);
  const Captured err(std::cerr);
  const int status = chosen();
  return {status, out.text(), err.text()};
}

}  // namespace homeostat::testing
