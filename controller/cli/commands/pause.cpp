// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/pause.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controller/cli/complain.hpp"
#include "controller/cli/ledger_call.hpp"
#include "controller/cli/setup.hpp"
#include "policies/loader/nearest.hpp"
#include "policies/loader/scalars.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace {

struct PauseOptions {
  LedgerCaller caller;
  std::string policy;
  std::string length;
  std::string reason;
};

std::string scope_of(const std::string& policy) {
  return policy.empty() ? "cluster" : "policy/" + policy;
}

/// What the operator lacks, in words that say what to do.
int fail(Error error) {
  if (error.code == ErrorCode::missing_privilege) {
    error.context +=
        ": whoever pauses needs the role homeostat_operator, and to inherit it "
        "(GRANT homeostat_operator TO …, from PostgreSQL 16 on WITH INHERIT TRUE)";
  }
  const bool nobody = error.code == ErrorCode::unavailable || error.code == ErrorCode::timeout;
  complain(error);
  return nobody ? 2 : 1;
}

/// Refuses a name that no policy has: a pause of nothing would be believed in. Policies that cannot
/// be read are only said so: whoever pauses may be in a hurry.
Result<void> check_policy(const PauseOptions& options) {
  if (options.policy.empty()) return {};
  const auto load = load_setup(options.caller.config, Secrets::left_alone);
  if (!load.setup) {
    std::cerr << "homeostat: whether there is a policy `" << options.policy
              << "` cannot be told: " << to_text(load.errors.front()) << "\n";
    return {};
  }
  std::vector<std::string> names{"guard"};  // the database's own
  for (const auto& policy : load.setup->policies.policies) names.push_back(policy.name);
  if (std::find(names.begin(), names.end(), options.policy) != names.end()) return {};
  return Error{ErrorCode::not_found,
               "no policy `" + options.policy + "`: " + loader::suggestion(options.policy, names) +
                   " (" + options.caller.config + ")",
               {}};
}

int pause_now(const PauseOptions& options) {
  const auto length = loader::parse_duration(options.length);
  if (!length) {
    return complain({ErrorCode::invalid_input,
                     "--for: `" + options.length + "` is no duration; expected one such as 30m",
                     {}});
  }
  const auto known = check_policy(options);
  if (!known.has_value()) return complain(known.error());
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(scope_of(options.policy));
  parameters.emplace_back(std::to_string(length->count()));
  parameters.emplace_back(options.reason);
  const auto answer =
      call_ledger(options.caller, std::string{sql::pause_set}, std::move(parameters));
  if (!answer.has_value()) return fail(answer.error());
  std::cout << scope_of(options.policy) << " is paused by " << answer->text(0, 0).value_or("")
            << " until " << answer->text(0, 1).value_or("")
            << " UTC, from within 5 seconds on: nothing moves forward, what stands is renewed and "
               "given back\n";
  return 0;
}

int resume_now(const PauseOptions& options) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(scope_of(options.policy));
  const auto answer =
      call_ledger(options.caller, std::string{sql::pause_end}, std::move(parameters));
  if (!answer.has_value()) return fail(answer.error());
  const bool stood = answer->text(0, 0) == "t";
  std::cout << scope_of(options.policy) << (stood ? " goes on\n" : " was not paused\n");
  const auto others = answer->text(0, 1);
  if (others) std::cout << "still paused: " << *others << "\n";
  return 0;
}

void add_caller_options(CLI::App& command, PauseOptions& options) {
  command.add_option("--policy", options.policy, "Only this policy; otherwise all of them")
      ->type_name("POLICY");
  command.add_option("--config", options.caller.config, "The daemon's configuration: where to ask")
      ->capture_default_str();
  command.add_option("--user", options.caller.user,
                     "Role to log in as, and the owner of the pause; your login name if not given");
  command.add_option("--password-file", options.caller.password_file,
                     "File with that role's password");
}

}  // namespace

void add_pause_commands(CLI::App& app, std::function<int()>& chosen) {
  const auto pause = std::make_shared<PauseOptions>();
  auto* command = app.add_subcommand("pause", "Let nothing move forward for a while");
  add_caller_options(*command, *pause);
  command->add_option("--for", pause->length, "How long, at most 7d: it ends by itself")
      ->required()
      ->type_name("DURATION");
  command->add_option("--reason", pause->reason, "Shown in status, metrics and alerts")
      ->required()
      ->type_name("TEXT");
  command->footer(
      "No rung is climbed while a pause stands, by no instance and not by the database's own\n"
      "guard. What stands is renewed, and given back when its time has come. A running daemon\n"
      "learns of it when it next renews its lease, within 5 seconds. The pause is a row in the\n"
      "ledger: it survives a restart. --policy guard pauses the database's own guard alone.\n"
      "The role needs: GRANT homeostat_operator TO …\n"
      "Exit status: 0; 1 when it is refused (no such policy, no such role, no right); 2 when the\n"
      "database does not answer.\n\n"
      "Example:\n  homeostat pause --for 2h --reason \"index build, ticket 4711\"\n"
      "  homeostat pause --policy circuit-breaker --for 30m --reason \"load test\"");
  command->callback([pause, &chosen] { chosen = [pause] { return pause_now(*pause); }; });

  const auto resume = std::make_shared<PauseOptions>();
  auto* end = app.add_subcommand("resume", "End a pause before its time");
  add_caller_options(*end, *resume);
  end->footer(
      "Ends the pause of the same scope: without --policy the one of the whole cluster. Pauses of\n"
      "single policies stand beside it; those that still do are named.\n"
      "Exit status as of pause; 0 also when nothing was paused.\n\n"
      "Example:\n  homeostat resume\n  homeostat resume --policy circuit-breaker");
  end->callback([resume, &chosen] { chosen = [resume] { return resume_now(*resume); }; });
}

}  // namespace homeostat
