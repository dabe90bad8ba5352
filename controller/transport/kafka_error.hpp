// SPDX-License-Identifier: Apache-2.0
// librdkafka's errors as Error values. Internal to what speaks Kafka.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "policies/model/error.hpp"

namespace homeostat::kafka {

/// `timeout`: no answer in time. `unavailable`: no broker, or none that is ready; passes by itself.
/// `refused`: authentication or TLS. `missing_privilege`: an ACL, which the context names.
/// `not_found`: the topic or partition does not exist. `protocol`: everything else.
ErrorCode code_of(rd_kafka_resp_err_t code);

/// `what`: what was asked, `committed offsets of group play-counts`. `operation`: the ACL's, which
/// asking needs on a topic.
Error error_of(rd_kafka_resp_err_t code, const std::string& what,
               const std::string& operation = "Describe");

/// Whether the client looked for a partition's leader at the wrong place: fresh metadata helps.
bool leader_moved(rd_kafka_resp_err_t code);

}  // namespace homeostat::kafka
