// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "policies/model/error.hpp"

namespace homeostat::page {

/// Whether write_page() will be able to, as far as that is known before: asked before work that
/// takes minutes. Errors as of it.
Result<void> check_page(const std::string& path);

/// Writes a file whole or not at all: what stood there before stays until the new one is complete.
/// Error `invalid_input` with the path when it cannot be written there.
Result<void> write_page(const std::string& path, const std::string& text);

}  // namespace homeostat::page
