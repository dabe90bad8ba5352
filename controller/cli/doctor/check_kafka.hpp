// SPDX-License-Identifier: Apache-2.0
// Do the brokers let us in, and what do they say of each group?
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "controller/transport/kafka_group.hpp"
#include "policies/loader/config.hpp"

namespace homeostat::doctor {

/// About `kafka`: `encryption`, and `connection` or what keeps us out, told once; about each
/// `group/NAME` what judge_group() finds. Each group's reading ends by `deadline`.
boost::asio::awaitable<std::vector<Finding>> check_kafka(boost::asio::any_io_executor executor,
                                                         KafkaConfig config, Duration deadline);

/// Fails `connection`, `login` or `properties`, and is true, when this keeps us from all groups.
bool judge_outage(const KafkaConfig& config, const Error& error, Findings& findings);

/// What reading this group came to: `privileges`, `group`, `members`, `offsets`, `retention`.
/// `findings` are about it. REQUIRES: an error is none that judge_outage() tells.
void judge_group(const KafkaConfig& config, const std::string& group,
                 const Result<kafka::GroupOffsets>& found, Findings& findings);

}  // namespace homeostat::doctor
