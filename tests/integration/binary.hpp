// SPDX-License-Identifier: Apache-2.0
// The program under test.
#pragma once

#include <string>
#include <vector>

namespace homeostat::testing {

/// HOMEOSTAT_TEST_BINARY, otherwise the one built beside these tests. `tests/run` names the release
/// binary, which is what is shipped.
std::string homeostat_binary();

/// Whether HOMEOSTAT_TEST_BINARY names the program: then it is no debug build.
bool tests_release_binary();

/// How a program ended, and everything it printed.
struct Finished {
  int status = -1;
  std::string output;
};

/// Runs it to its end.
Finished run_homeostat(const std::vector<std::string>& arguments);

}  // namespace homeostat::testing
