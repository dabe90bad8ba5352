// SPDX-License-Identifier: Apache-2.0
// What tests let a policy name: the signals and levers of a plain PostgreSQL called `main` with
// MelodyUD's features.
#pragma once

#include "policies/model/vocabulary.hpp"

namespace homeostat::test {

/// `admission_queue_age_seconds` and `citus_node_cv` are known but not provided.
Vocabulary vocabulary();

/// The same with levers that a regulator can move, which no configuration has yet: `batch_window`
/// on `group/play-counts` (0 s to 1 s, restricts least at 0) and `admission` on `node/main` (1 to
/// 10,000, restricts least at its maximum), and the signals of groups. Shards cannot be moved:
/// `rebalance` has no target.
Vocabulary regulated_vocabulary();
/// The same, with somebody who measures how far its group is behind.
Vocabulary kafka_vocabulary();

/// The same where the lever that runs jobs has its target: `rebalance` on `cluster`, with
/// `deviation` and, if wanted, `weight`. `citus_node_cv` is provided, `citus_node_max_deviation` is
/// not.
Vocabulary job_vocabulary();

}  // namespace homeostat::test
