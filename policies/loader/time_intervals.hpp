// SPDX-License-Identifier: Apache-2.0
// Lists of time intervals, written as Alertmanager's time_intervals are.
#pragma once

#include <string>
#include <vector>

#include "policies/loader/keys.hpp"
#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"
#include "policies/model/time_interval.hpp"

namespace homeostat::loader {

/// `windows: [{weekdays: [sunday], times: [{start_time: "03:00", end_time: "07:00"}]}]`
Key time_intervals_key(std::string name, std::string help);

/// From a checked list: what the table cannot say (ends before beginnings, zones that do not
/// exist) is reported.
std::vector<TimeInterval> build_time_intervals(const Value& list, std::vector<Finding>& errors);

}  // namespace homeostat::loader
