// SPDX-License-Identifier: Apache-2.0
// What /metrics has of a consumer group beside its signals: its condition, its topics and, when
// asked for, its partitions.
#pragma once

#include <vector>

#include "controller/ports/probe.hpp"
#include "probes/group_progress.hpp"

namespace homeostat {

/// One series a condition, and those of each topic, and of each partition with `partitions`; what
/// is unknown is left out.
std::vector<Detail> details_of(const Subject& group, ConsumerCondition condition,
                               const GroupProgress& progress, bool partitions);

}  // namespace homeostat
