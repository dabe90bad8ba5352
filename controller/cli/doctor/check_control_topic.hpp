// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "policies/loader/config.hpp"
#include "policies/model/time.hpp"

namespace homeostat::doctor {

/// Whether the topic through which consumers are told their batch window can be read, and is one of
/// one partition. Nothing is written: whether it may be, the first change shows.
boost::asio::awaitable<std::vector<Finding>> check_control_topic(
    boost::asio::any_io_executor executor, KafkaConfig kafka, Duration deadline);

}  // namespace homeostat::doctor
