// SPDX-License-Identifier: Apache-2.0
// Every signal and lever that a policy may name. A new probe or lever adds its names here.
#pragma once

#include "policies/loader/config.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

/// Whether shards of Citus can be moved: the ledger's node is the coordinator.
bool moves_shards(const Config& config);

/// What `config` provides and declares: signals are `provided` where one of its probes samples
/// them, targets and subjects come from its inventory.
Vocabulary make_vocabulary(const Config& config);

/// What any configuration could provide: for `check` and `schema` without one.
Vocabulary make_vocabulary();

}  // namespace homeostat
