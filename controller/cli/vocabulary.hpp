// SPDX-License-Identifier: Apache-2.0
// Every signal and lever that a policy may name. A new probe or lever adds its names here.
#pragma once

#include <string>

#include "policies/loader/config.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

/// Whether shards of Citus can be moved: the ledger's node is the coordinator.
bool moves_shards(const Config& config);

/// Whether the shards of a node are dealt out to several zones, which have locks of their own then:
/// not at the coordinator, whose sessions do not say which shard they are about.
bool deals_shards(const Config& config, const std::string& node);

/// Whether zones of any node do, and none is the coordinator's, which has no shards: then each has
/// lock signals of its own. The only zone of a node has the node's.
bool zones_have_locks(const Config& config);

/// What `config` provides and declares: signals are `provided` where one of its probes samples
/// them, targets and subjects come from its inventory.
Vocabulary make_vocabulary(const Config& config);

/// What any configuration could provide: for `check` and `schema` without one.
Vocabulary make_vocabulary();

}  // namespace homeostat
