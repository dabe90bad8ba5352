// SPDX-License-Identifier: Apache-2.0
#include "policies/model/sample.hpp"

#include <cmath>
#include <utility>

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<Quality, 3> kQualities{{
    {Quality::whole, "whole"},
    {Quality::empty, "empty"},
    {Quality::absent, "absent"},
}};

constexpr NameTable<AbsentReason, 9> kReasons{{
    {AbsentReason::none, "none"},
    {AbsentReason::never_sampled, "never_sampled"},
    {AbsentReason::failed, "failed"},
    {AbsentReason::timeout, "timeout"},
    {AbsentReason::stale, "stale"},
    {AbsentReason::partial, "partial"},
    {AbsentReason::not_a_number, "not_a_number"},
    {AbsentReason::missing_privilege, "missing_privilege"},
    {AbsentReason::identity_changed, "identity_changed"},
}};

constexpr NameTable<SignalShape, 3> kShapes{{
    {SignalShape::ratio, "ratio"},
    {SignalShape::gauge, "gauge"},
    {SignalShape::counter, "counter"},
}};

bool countable(double number) { return std::isfinite(number) && number >= 0; }

}  // namespace

std::optional<double> value_of(const Sample& sample) {
  if (sample.quality != Quality::whole) return std::nullopt;
  return sample.numerator / sample.denominator;
}

Sample gauge(SignalName signal, Subject subject, double value, TimePoint taken) {
  if (!std::isfinite(value)) {
    return absent(std::move(signal), std::move(subject), AbsentReason::not_a_number, taken);
  }
  return {
      std::move(signal), std::move(subject), Quality::whole, AbsentReason::none, value, 1, taken};
}

Sample ratio(SignalName signal, Subject subject, double numerator, double denominator,
             TimePoint taken) {
  if (!countable(numerator) || !countable(denominator) || (denominator == 0 && numerator != 0)) {
    return absent(std::move(signal), std::move(subject), AbsentReason::not_a_number, taken);
  }
  const auto quality = denominator == 0 ? Quality::empty : Quality::whole;
  return {std::move(signal), std::move(subject), quality, AbsentReason::none,
          numerator,         denominator,        taken};
}

Sample absent(SignalName signal, Subject subject, AbsentReason reason, TimePoint taken) {
  return {std::move(signal), std::move(subject), Quality::absent, reason, 0, 0, taken};
}

std::string_view to_text(Quality quality) { return name_of(kQualities, quality); }
std::optional<Quality> parse_quality(std::string_view text) { return value_of(kQualities, text); }
std::string_view to_text(AbsentReason reason) { return name_of(kReasons, reason); }
std::optional<AbsentReason> parse_absent_reason(std::string_view text) {
  return value_of(kReasons, text);
}
std::string_view to_text(SignalShape shape) { return name_of(kShapes, shape); }

}  // namespace homeostat
