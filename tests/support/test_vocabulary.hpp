// SPDX-License-Identifier: Apache-2.0
// What tests let a policy name: the signals and levers of a plain PostgreSQL called `main` with
// MelodyUD's features.
#pragma once

#include "policies/model/vocabulary.hpp"

namespace homeostat::test {

/// `admission_queue_age_seconds` and `citus_node_cv` are known but not provided.
Vocabulary vocabulary();

}  // namespace homeostat::test
