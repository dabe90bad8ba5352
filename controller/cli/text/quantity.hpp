// SPDX-License-Identifier: Apache-2.0
// Numbers, durations, times and lever values as people read them. Pure.
#pragma once

#include <string>
#include <string_view>

#include "policies/model/lever.hpp"
#include "policies/model/time.hpp"

namespace homeostat::text {

/// Four significant digits, no exponent within reason: `0.0777`, `1234`, `3`. "unknown" for NaN.
std::string number(double value);

/// Always two decimals: `0.41`, `1.00`.
std::string two_decimals(double value);

/// `350 ms`, `45 s`, `1 min 30 s`, `2 h 5 min`, `3 d 4 h`. Negative ones too.
std::string seconds(double value);
std::string duration(Duration value);

/// `12 GB`, `350 MB`, `17 B`: decimal, as the policy language writes them.
std::string bytes(double value);

/// A share as per cent: `15 %`.
std::string share(double value);

/// A value of `signal`, with the unit that its name ends in: `0.075`, `1 min 30 s`, `17`.
std::string of_signal(std::string_view signal, double value);

/// `2026-01-01 12:00:05 UTC`, cut to seconds.
std::string utc(WallTime time);

/// `admit 0 %`; several arguments with commas; "its baseline" without any.
std::string lever_value(const LeverValue& value);

/// `feature class/batch`.
std::string lever_key(const LeverKey& key);

}  // namespace homeostat::text
