// SPDX-License-Identifier: Apache-2.0
// Questions of the command line to a running daemon, over HTTP. Blocking: a subcommand has nothing
// else to do.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>
#include <vector>

#include "policies/model/error.hpp"

namespace homeostat {

inline constexpr const char* kDefaultServer = "http://127.0.0.1:9780";

/// Parameters of a request, not yet encoded.
using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The JSON that GET SERVER/PATH answers with status 200. Errors: `unavailable` or `timeout`
/// (nobody there within five seconds), `refused` (the daemon said why not), `protocol` (no daemon
/// of ours), `invalid_input` (`server` is no URL).
Result<nlohmann::json> ask_daemon(const std::string& server, const std::string& path,
                                  const Parameters& parameters = {});

/// What a health path says: whether all is well (status 200), and the line for people.
struct Health {
  bool well = false;
  std::string line = {};
};

/// The health that GET SERVER/PATH answers (`/livez`, `/readyz`). Errors as of ask_daemon().
Result<Health> ask_health(const std::string& server, const std::string& path);

}  // namespace homeostat
