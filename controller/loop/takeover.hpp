// SPDX-License-Identifier: Apache-2.0
// What a new leader believes of what the last one left.
#pragma once

#include <vector>

#include "controller/ports/ledger.hpp"
#include "policies/model/policy.hpp"

namespace homeostat {

/// The memories to go on from. A breaker is only as alive as its levers: where none of its rows is
/// within its expiry any more and its last change is older than they could live, nobody has led for
/// so long that the storm it remembers is history. It starts closed, and its rows are reverted. A
/// job was stopped by its expiry then, and is resumed when its time comes.
std::vector<PolicyMemory> alive(const PolicySet& policies, const LedgerImage& image, TimePoint now);

/// Where the levers of regulators stand: of each row within its expiry that this very policy text
/// has set. Others are reverted, or set anew from the baseline.
std::vector<RegulatedValue> regulated_values(const PolicySet& policies, const LedgerImage& image);

}  // namespace homeostat
