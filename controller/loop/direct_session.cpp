// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/direct_session.hpp"

#include <string>

#include "sql/embedded.hpp"

namespace homeostat {

boost::asio::awaitable<Result<void>> require_direct(pg::Session& session, Duration deadline) {
  std::string statement{sql::backend_pid};
  const auto pid = co_await session.script(std::move(statement), deadline);
  if (!pid.has_value()) co_return pid.error();
  if (pid->integer(0, 0) == session.backend_pid()) co_return Result<void>{};
  Error error{ErrorCode::refused,
              "a connection pooler is in between, which lends sessions out: this one must go to "
              "the server's own host and port"};
  co_return error;
}

}  // namespace homeostat
