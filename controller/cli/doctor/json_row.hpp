// SPDX-License-Identifier: Apache-2.0
// A statement that answers with one JSON object, such as doctor's own.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "controller/transport/pg_session.hpp"
#include "policies/model/error.hpp"
#include "policies/model/time.hpp"

namespace homeostat::doctor {

/// Runs `sql` by the simple protocol, which works through any pooler. REQUIRES: no parameters.
/// Errors: the session's; `protocol` when the answer is not one JSON value.
boost::asio::awaitable<Result<nlohmann::json>> json_row(pg::Session& session, std::string_view sql,
                                                        Duration deadline);

}  // namespace homeostat::doctor
