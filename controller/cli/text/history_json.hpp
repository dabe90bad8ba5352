// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/cli/text/history_text.hpp"

namespace homeostat::text {

/// {"decisions": [{wall_us, verdict}], "acts": [{wall_us, act}], "effects": [{wall_us, effect}]}
/// as the API has them, but oldest first; the newest `limit` of each. Ends with a newline.
std::string history_json(const Past& past, int limit);

}  // namespace homeostat::text
