// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace homeostat::testing {

/// Makes a fresh data directory at `target` (inside `scratch`, owned by the server's user): a copy
/// of one that initdb made once for all tests of this build tree, or initdb itself where that
/// cannot be kept.
void make_data_directory(const std::string& scratch, const std::string& target);

/// The same by initdb itself: a system identifier that no other cluster of the tests has.
void make_distinct_data_directory(const std::string& scratch, const std::string& target);

/// Who runs servers: `postgres` when we are root, otherwise ourselves (empty).
std::string server_user();

}  // namespace homeostat::testing
