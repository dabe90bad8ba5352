// SPDX-License-Identifier: Apache-2.0
// A deadline around one asynchronous operation.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// Runs `operation` and cancels it when `deadline` (from the call) passes first: Error `timeout`,
/// with `what` in its context. An exception inside becomes an Error `internal`. (`operation ||
/// timer` alone is no timeout: `||` waits for the first *success*, and loses the exception.)
template <class T>
boost::asio::awaitable<Result<T>> with_deadline(boost::asio::awaitable<Result<T>> operation,
                                                Duration deadline, std::string what);

}  // namespace homeostat
