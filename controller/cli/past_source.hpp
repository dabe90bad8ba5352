// SPDX-License-Identifier: Apache-2.0
// Where `explain` and `history` read: a running daemon, or the journal that one has left.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "controller/cli/daemon_client.hpp"
#include "controller/ports/history.hpp"

namespace CLI {
class App;
}

namespace homeostat {

/// What the operator said about it.
struct PastOptions {
  std::string server = kDefaultServer;
  std::string journal = {};  ///< a path; empty: only a daemon is asked
};

/// Adds --server, alone or with --journal. `options` must outlive the parsing.
void add_server_option(CLI::App& command, std::string& server);
void add_past_options(CLI::App& command, PastOptions& options);

struct PastSource {
  std::unique_ptr<History> history;
  nlohmann::json policies;  ///< of /v1/policies; null from a journal, which holds verdicts only
};

/// The daemon if one answers; else the journal, if one was named, which is said on standard error.
/// Errors as of ask_daemon(), or `storage` of the journal.
Result<PastSource> open_past(const PastOptions& options);

/// The policies known there: those that run, or those with a recent verdict.
std::vector<std::string> policy_names(const PastSource& source);

/// The policy's JSON (codec of the model); null when it is not known.
nlohmann::json policy_named(const PastSource& source, const std::string& name);

/// Refuses a name that is not among them: `not_found`, with the nearest one.
Result<void> check_policy_name(const PastSource& source, const std::string& name);

}  // namespace homeostat
