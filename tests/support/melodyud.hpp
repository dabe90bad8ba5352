// SPDX-License-Identifier: Apache-2.0
// The reference platform's scripts as one session can run them. REQUIRES: the including target
// defines HOMEOSTAT_SOURCE_DIR.
#pragma once

#include <sstream>
#include <string>

#include "tests/support/text_file.hpp"

namespace homeostat::testing {

/// The script sql/melodyud/NAME without what only psql understands.
inline std::string melodyud_script(const std::string& name) {
  std::istringstream lines{read_file(std::string{HOMEOSTAT_SOURCE_DIR} + "/sql/melodyud/" + name)};
  std::string text;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.front() != '\\') text += line + '\n';
  }
  return text;
}

}  // namespace homeostat::testing
