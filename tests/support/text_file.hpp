// SPDX-License-Identifier: Apache-2.0
// Small files, whole.
#pragma once

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace homeostat::testing {

/// Empty when it cannot be read.
inline std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Throws std::runtime_error when it cannot be written.
inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace homeostat::testing
