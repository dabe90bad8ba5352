// SPDX-License-Identifier: Apache-2.0
// The gates of jobs, for people. Pure.
#pragma once

#include <string>

#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// Of a verdict about `policy`. Empty for a gate that no job asks by itself.
std::string job_gate(const Gate& gate, const std::string& policy);

}  // namespace homeostat::text
