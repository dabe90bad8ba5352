// SPDX-License-Identifier: Apache-2.0
// What the daemon needs of the machine it runs on: a file and a port. Leaves nothing behind.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "policies/loader/config.hpp"

namespace homeostat::doctor {

/// Whether this user can write the journal, and whether there is room for it.
std::vector<Finding> check_journal(const Config& config);

/// Whether the port is free, or served by a Homeostat already.
std::vector<Finding> check_http(const Config& config, const boost::asio::any_io_executor& executor);

}  // namespace homeostat::doctor
