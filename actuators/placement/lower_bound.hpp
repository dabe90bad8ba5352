// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actuators/placement/problem.hpp"

namespace homeostat::placement {

/// Bytes that any plan copies at least which ends within the deviation: what stands where it must
/// not, what each node has too much of, and what each lacks, each by the groups that weigh most for
/// their bytes, cut at will.
double least_bytes(const Problem& problem);

}  // namespace homeostat::placement
