// SPDX-License-Identifier: Apache-2.0
// Names to addresses, without blocking and with a deadline.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <string>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// The addresses of `host`, as text, never empty; an address is its own answer. Errors: not_found,
/// unavailable, timeout. (A resolver thread that still waits for a name server is left behind, not
/// waited for.)
boost::asio::awaitable<Result<std::vector<std::string>>> resolve(
    boost::asio::any_io_executor executor, std::string host, Duration deadline);

}  // namespace homeostat
