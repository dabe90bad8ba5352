// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/binary.hpp"

#include <cstdlib>

#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {

std::string homeostat_binary() {
  const char* given = std::getenv("HOMEOSTAT_TEST_BINARY");
  return given != nullptr ? given : HOMEOSTAT_BUILT_BINARY;
}

bool tests_release_binary() { return std::getenv("HOMEOSTAT_TEST_BINARY") != nullptr; }

Finished run_homeostat(const std::vector<std::string>& arguments) {
  const ScratchDirectory scratch;
  std::vector<std::string> command{homeostat_binary()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  ProcessOptions options;
  options.log = scratch.path() + "/output";
  ChildProcess process(command, options);
  Finished finished;
  finished.status = process.wait(std::chrono::seconds{60}).value_or(-1);
  finished.output = read_file(options.log);
  return finished;
}

}  // namespace homeostat::testing
