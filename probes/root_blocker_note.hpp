// SPDX-License-Identifier: Apache-2.0
// For people, not for decisions: the session at the root of a lock storm.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "controller/transport/pg_session.hpp"

namespace homeostat {

/// Reads the whole lock table once, finds the root blocker and asks who it is: "pid 4711, role app,
/// idle in transaction, transaction 12 s old, holds back 28 sessions", with its query only when
/// `show_queries`. Empty when nobody blocks. Each of the two statements ends by `deadline`.
/// REQUIRES: `session` is connected and outlives the operation.
boost::asio::awaitable<Result<std::string>> describe_root_blocker(pg::Session& session,
                                                                  bool show_queries,
                                                                  Duration deadline);

}  // namespace homeostat
