// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "controller/cli/doctor/finding.hpp"
#include "policies/model/time.hpp"

namespace homeostat::doctor {

/// Whether every instance says that it is ready.
boost::asio::awaitable<std::vector<Finding>> check_alertmanager(std::vector<std::string> urls,
                                                                Duration deadline);

}  // namespace homeostat::doctor
