// SPDX-License-Identifier: Apache-2.0
// Columns that line up. Pure.
#pragma once

#include <string>
#include <vector>

namespace homeostat::text {

using Row = std::vector<std::string>;

/// Each row on a line, after `indent` spaces, columns two spaces apart, no space at a line's end.
/// Widths count characters (UTF-8), not bytes. Control characters become `?`: what comes from a
/// server must not steer the terminal.
std::string table(const std::vector<Row>& rows, int indent = 2);

/// The same for a single text.
std::string printable(const std::string& text);

}  // namespace homeostat::text
