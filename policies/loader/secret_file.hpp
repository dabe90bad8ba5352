// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace homeostat::loader {

/// What is wrong with a file that holds a secret: missing, no regular file, open to everybody (any
/// permission for "others"), or not readable by this user. Its content is not looked at.
std::optional<std::string> problem_of_secret(const std::string& path);

/// The same for a file that is no secret.
std::optional<std::string> problem_of_file(const std::string& path);

}  // namespace homeostat::loader
