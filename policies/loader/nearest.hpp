// SPDX-License-Identifier: Apache-2.0
// What somebody probably meant.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace homeostat::loader {

/// Insertions, deletions, replacements and swaps of neighbours that turn one into the other
/// (optimal string alignment; Damerau 1964).
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The valid name nearest to `found`, when it is near enough to be what was meant: a third of its
/// letters differ at most. The first of equals.
std::optional<std::string> nearest(std::string_view found, const std::vector<std::string>& valid);

/// "`a`, `b`, `c`"
std::string in_quotes(const std::vector<std::string>& names);

/// "did you mean `x`?" when something is near, otherwise "expected one of …".
std::string suggestion(std::string_view found, const std::vector<std::string>& valid);

}  // namespace homeostat::loader
