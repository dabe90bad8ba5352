// SPDX-License-Identifier: Apache-2.0
// JSON of the supervisor's Report: /v1/status. Same rules as policies/model/codec.hpp: member
// names, times and durations in integer microseconds with the suffix `_us`, subjects as text.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "controller/loop/report.hpp"

namespace homeostat {

/// Every member of Report under its own name, with these shapes: `notes` [{subject, key, text}],
/// `probes` [{probe, subject, up, error}], `levers` [{lever, target, value, prior, policy, subject,
/// rung, policy_hash, remaining_us, epoch, sequence, drifted, overdue_us, last_error}], `alerts`
/// [{labels, annotations, starts_us}], `acts` [{policy, lever, outcome, count}], `would_acts`
/// [{policy, lever, count}], `effects` [{policy, outcome, count}], `benched` [{policy, subject,
/// rung, lever, target, tries, harmful, left_us}]; `samples`, `policies`, `verdicts`, `desired`,
/// `would` as their codecs write them; the remaining maps are objects.
nlohmann::json to_json(const Report& report);

/// {group, window_ms, drain_limit, epoch, expires_at_ms, reason}: as in the control topic's
/// messages.
nlohmann::json to_json(const BatchWindow& window);

}  // namespace homeostat
