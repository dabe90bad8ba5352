// SPDX-License-Identifier: Apache-2.0
// What yaml-cpp 0.7 lets pass and we do not.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace homeostat::loader {

struct BadCharacter {
  int line = 1;    ///< from 1
  int column = 1;  ///< from 1, in bytes
  std::string message;
};

/// The first byte that is not UTF-8, or a control character. (yaml-cpp takes byte 4 for the end of
/// the file, and bytes that are not UTF-8 would break the JSON they end up in.)
std::optional<BadCharacter> find_bad_character(std::string_view text);

/// Whether the quoted scalar that begins at `line`, `column` (from 0, in bytes) has its closing
/// quote: yaml-cpp takes the end of the file for one. Blocks (`|`, `>`) have none and pass.
bool quotes_close(std::string_view text, int line, int column);

}  // namespace homeostat::loader
