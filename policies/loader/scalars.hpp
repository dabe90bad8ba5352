// SPDX-License-Identifier: Apache-2.0
// The values of policy-language.md section 1, from the text of one scalar. Strict: what YAML
// readers disagree about (010, yes, 1e3 as an integer, 0x10) is refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "policies/model/time.hpp"

namespace homeostat::loader {

/// A finite decimal number as in JSON.
std::optional<double> parse_number(std::string_view text);

/// Decimal digits with an optional minus sign, no leading zeros.
std::optional<std::int64_t> parse_integer(std::string_view text);

/// As in Prometheus: `500ms`, `1h30m`, `7d`; units in falling order, each once. A week is 7 days,
/// a year 365. Never a bare number.
std::optional<Duration> parse_duration(std::string_view text);

/// `25%` or `0.25`; not limited to 0..1 here.
std::optional<double> parse_share(std::string_view text);

/// `40GB` (decimal) or `40GiB`; a fraction is allowed, the unit is not optional.
std::optional<std::int64_t> parse_bytes(std::string_view text);

/// Whether some YAML reader takes the unquoted scalar for something else than text: a number or a
/// boolean, in YAML 1.1 or 1.2.
bool reads_as_other_than_text(std::string_view plain);

/// The shortest Prometheus text of a duration: `1h30m`.
std::string format_duration(Duration duration);

/// The shortest text of a number that reads back as the same: `0.15`.
std::string format_number(double number);
/// The same of the number rounded to so many decimals: `0.15` of 0.1512 and 2.
std::string format_number(double number, int decimals);

/// ECMA-262 patterns of the same, for the JSON Schema.
extern const char* const kDurationPattern;
extern const char* const kPercentPattern;
extern const char* const kBytesPattern;

}  // namespace homeostat::loader
