// SPDX-License-Identifier: Apache-2.0
// What a group's batches cost, for people.
#pragma once

#include <optional>
#include <string>

#include "probes/kafka_batches.hpp"

namespace homeostat {

/// `51 batches of 2 consumers: 2.1 ms each and 6 us an event`, or why that is not known; and
/// whether they can keep up with `rate`, all of the group's events a second.
std::string batch_note(const GroupReports& reports, const Result<BatchCost>& cost,
                       std::optional<double> rate);

}  // namespace homeostat
