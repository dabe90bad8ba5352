// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "controller/transport/http_server.hpp"

namespace homeostat {

/// The page at `/`: one HTML file that loads nothing but /v1/status. Its Content-Security-Policy
/// allows exactly its own script and style, by their hashes.
HttpAnswer status_page();

}  // namespace homeostat
