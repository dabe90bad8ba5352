// SPDX-License-Identifier: Apache-2.0
// One scalar, checked by its key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policies/loader/keys.hpp"
#include "policies/loader/value.hpp"
#include "policies/loader/yaml_tree.hpp"

namespace homeostat::loader {

/// Sets `result.place` and `result.scalar`. Otherwise says what is wrong: what was found, what was
/// expected, the nearest valid name.
std::optional<std::string> read_scalar(const YamlNode& node, const Key& key, Value& result);

/// The key's default as somebody would have written it.
YamlNode written_default(const Key& key);

/// Whether the text has the pattern; any text does when there is none.
bool matches(const std::optional<Pattern>& pattern, std::string_view text);

/// The scalar as in a message: in back-quotes, on one line, not longer than a line.
std::string shown(const YamlNode& node);

/// The longest text that a pattern is tried on (the matcher's depth grows with the text).
constexpr std::size_t kLongestPatterned = 200;

}  // namespace homeostat::loader
