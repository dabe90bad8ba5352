// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/table.hpp"

#include <algorithm>
#include <cstddef>

namespace homeostat::text {
namespace {

/// Bytes that are no continuation of a UTF-8 character.
std::size_t width(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char byte) {
    return (static_cast<unsigned char>(byte) & 0xC0u) != 0x80u;
  }));
}

}  // namespace

std::string printable(const std::string& text) {
  std::string out = text;
  for (char& byte : out) {
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x20u || code == 0x7Fu) byte = '?';
  }
  // U+0080 to U+009F steer terminals too; in UTF-8 they are C2 80 to C2 9F.
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    const auto next = static_cast<unsigned char>(out[i + 1]);
    if (static_cast<unsigned char>(out[i]) == 0xC2u && next >= 0x80u && next < 0xA0u) {
      out.replace(i, 2, "?");
    }
  }
  return out;
}

std::string table(const std::vector<Row>& rows, int indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(static_cast<std::size_t>(indent), ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += printable(row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - width(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace homeostat::text
