// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/ports/history.hpp"
#include "controller/transport/http_server.hpp"

namespace homeostat {

/// The parameters of /v1/decisions, /v1/acts and /v1/effects. Error invalid_input names the first
/// one that is unknown or cannot be read, and what was expected.
Result<HistoryQuery> parse_history_query(const HttpRequest& request);

}  // namespace homeostat
