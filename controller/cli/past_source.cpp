// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/past_source.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <set>
#include <utility>

#include "controller/cli/remote_history.hpp"
#include "controller/loop/sqlite_history.hpp"
#include "policies/loader/nearest.hpp"

namespace homeostat {

void add_server_option(CLI::App& command, std::string& server) {
  command.add_option("--server", server, "Address of the daemon")
      ->capture_default_str()
      ->type_name("URL");
}

void add_past_options(CLI::App& command, PastOptions& options) {
  add_server_option(command, options.server);
  command
      .add_option("--journal", options.journal,
                  "Read this journal when no daemon answers, as after a crash")
      ->type_name("FILE");
}

Result<PastSource> open_past(const PastOptions& options) {
  auto answer = ask_daemon(options.server, "/v1/policies");
  if (answer.has_value()) {
    PastSource source;
    source.history = std::make_unique<RemoteHistory>(options.server);
    source.policies = answer->value("policies", nlohmann::json::array());
    return source;
  }
  const auto code = answer.error().code;
  const bool nobody = code == ErrorCode::unavailable || code == ErrorCode::timeout;
  if (!nobody) return answer.error();
  if (options.journal.empty()) {
    return Error{code, answer.error().context +
                           "; to read what one has left: --journal FILE, its journal.path"};
  }
  auto journal = SqliteHistory::open(options.journal);
  if (!journal.has_value()) return journal.error();
  std::cerr << "homeostat: no daemon answers at " << options.server << ": reading "
            << options.journal << "\n";
  PastSource source;
  source.history = std::make_unique<SqliteHistory>(std::move(*journal));
  return source;
}

std::vector<std::string> policy_names(const PastSource& source) {
  std::set<std::string> names;
  if (source.policies.is_array()) {
    for (const auto& policy : source.policies) names.insert(policy.value("name", ""));
  } else {
    HistoryQuery recent;
    recent.limit = 1000;
    const auto verdicts = source.history->verdicts(recent);
    if (verdicts.has_value()) {
      for (const auto& recorded : *verdicts) names.insert(recorded.verdict.policy);
    }
  }
  return {names.begin(), names.end()};
}

nlohmann::json policy_named(const PastSource& source, const std::string& name) {
  if (!source.policies.is_array()) return nullptr;
  for (const auto& policy : source.policies) {
    if (policy.value("name", "") == name) return policy;
  }
  return nullptr;
}

Result<void> check_policy_name(const PastSource& source, const std::string& name) {
  const auto names = policy_names(source);
  for (const auto& known : names) {
    if (known == name) return {};
  }
  const auto hint = names.empty() ? "none is known" : loader::suggestion(name, names);
  return Error{ErrorCode::not_found, "no policy `" + name + "`: " + hint};
}

}  // namespace homeostat
