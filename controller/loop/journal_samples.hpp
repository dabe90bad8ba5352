// SPDX-License-Identifier: Apache-2.0
// The samples of one step as the journal keeps them: a tenth of the size of their plain JSON, for
// they are nine tenths of everything.
//
//   [[OFFSET, [SAMPLE, …]], …]   samples in order; OFFSET is taken - step, in microseconds
//   SAMPLE: [SERIES, VALUE] whole, of denominator 1 · [SERIES, NUMERATOR, DENOMINATOR] whole
//           [SERIES, NUMERATOR, DENOMINATOR, QUALITY, REASON] anything else
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/sample.hpp"

namespace homeostat::journal {

/// A signal about a subject, which the journal numbers.
using Series = std::pair<SignalName, Subject>;

/// REQUIRES: `numbers` has every series that occurs.
std::string pack_samples(const std::vector<Sample>& samples, TimePoint step,
                         const std::map<Series, std::int64_t>& numbers);

/// The inverse. Error `storage` for a text that pack_samples() cannot have written.
Result<std::vector<Sample>> unpack_samples(std::string_view text, TimePoint step,
                                           const std::map<std::int64_t, Series>& series);

}  // namespace homeostat::journal
