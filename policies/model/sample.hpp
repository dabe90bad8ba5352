// SPDX-License-Identifier: Apache-2.0
// One measurement of one signal about one subject: evidence, not just a number.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "policies/model/subject.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// Name of a measurement in Prometheus style, base unit in the name: `pg_blocked_ratio`.
using SignalName = std::string;

/// Known for every subject that the inventory names, 0 or 1, so that what is dead can be acted on.
inline constexpr std::string_view kAlwaysKnown = "probe_up";

enum class Quality {
  whole,   ///< a complete reading
  empty,   ///< a complete reading of an idle system, 0/0: evidence decays, levels count as clear
  absent,  ///< no reading: freezes detectors and starts nothing
};

enum class AbsentReason {
  none,               ///< not absent
  never_sampled,      ///< the probe has not answered yet
  failed,             ///< the probe answered with an error
  timeout,            ///< the probe did not answer within its deadline
  stale,              ///< older than sampling.stale_after
  partial,            ///< half or more of the subjects it is made of are absent
  not_a_number,       ///< NaN or infinite
  missing_privilege,  ///< the monitor role lacks a GRANT
  identity_changed,   ///< the server is not the one (or not the start) that was sampled before
};

struct Sample {
  SignalName signal;
  Subject subject;
  Quality quality = Quality::absent;
  AbsentReason reason = AbsentReason::never_sampled;
  double numerator = 0;    ///< of a ratio; otherwise the value itself
  double denominator = 1;  ///< of a ratio; otherwise 1
  TimePoint taken{};       ///< when the measurement was taken, or tried
};

/// What a signal's numbers mean. A ratio pools over time and subjects by its numerator and
/// denominator; a gauge does not. A counter only grows, and restarts at 0 with its server.
enum class SignalShape { ratio, gauge, counter };

/// The measured value; nothing for an empty or absent sample.
std::optional<double> value_of(const Sample& sample);

/// A whole sample of a gauge or counter; absent (not_a_number) when `value` is not finite.
Sample gauge(SignalName signal, Subject subject, double value, TimePoint taken);

/// A sample of a ratio: empty when `denominator` is 0, absent (not_a_number) when either is not
/// finite or negative.
Sample ratio(SignalName signal, Subject subject, double numerator, double denominator,
             TimePoint taken);

Sample absent(SignalName signal, Subject subject, AbsentReason reason, TimePoint taken);

std::string_view to_text(Quality quality);
std::optional<Quality> parse_quality(std::string_view text);
std::string_view to_text(AbsentReason reason);
std::optional<AbsentReason> parse_absent_reason(std::string_view text);
std::string_view to_text(SignalShape shape);

}  // namespace homeostat
