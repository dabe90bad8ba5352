// SPDX-License-Identifier: Apache-2.0
// How a subcommand that failed ends.
#pragma once

#include "policies/model/error.hpp"

namespace homeostat {

/// One line on standard error, and the exit status that goes with the error: 1 for what was asked,
/// 2 for what could not be asked.
int complain(const Error& error);

}  // namespace homeostat
