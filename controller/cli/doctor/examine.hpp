// SPDX-License-Identifier: Apache-2.0
// Everything that `homeostat doctor` looks at, in the order in which a DBA sets things up. Changes
// nothing anywhere.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "controller/cli/setup.hpp"

namespace homeostat::doctor {

/// `notes` are those of the load. Where mode_ceiling is shadow, what is wrong with the ledger is a
/// warning: nothing is written yet.
boost::asio::awaitable<std::vector<Finding>> examine(boost::asio::any_io_executor executor,
                                                     Setup setup,
                                                     std::vector<homeostat::Finding> notes);

}  // namespace homeostat::doctor
