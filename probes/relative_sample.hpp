// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "policies/model/sample.hpp"

namespace homeostat {

/// A gauge about `cluster` of part ÷ whole; 0 of 0, which is the whole reading of an idle system,
/// is empty.
Sample relative(const std::string& signal, double part, double whole, TimePoint now);

}  // namespace homeostat
