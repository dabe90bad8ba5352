// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace homeostat::loader {

/// The first 16 hexadecimal digits of the text's SHA-256.
std::string short_digest(std::string_view text);

}  // namespace homeostat::loader
