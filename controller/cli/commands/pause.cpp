// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/pause.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controller/cli/commands/operator.hpp"
#include "controller/cli/complain.hpp"
#include "controller/cli/ledger_call.hpp"
#include "policies/loader/scalars.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace {

struct PauseOptions : OperatorOptions {
  std::string length;
  std::string reason;
};

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
  parameters.emplace_back(scope_of(options));
  parameters.emplace_back(std::to_string(length->count()));
  parameters.emplace_back(options.reason);
  const auto answer =
      call_ledger(options.caller, std::string{sql::pause_set}, std::move(parameters));
  if (!answer.has_value()) return refused(answer.error());
  std::cout << scope_of(options) << " is paused by " << answer->text(0, 0).value_or("") << " until "
            << answer->text(0, 1).value_or("")
            << " UTC, from within 5 seconds on: nothing moves forward, what stands is renewed and "
               "given back\n";
  return 0;
}

int resume_now(const PauseOptions& options) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(scope_of(options));
  const auto answer =
      call_ledger(options.caller, std::string{sql::pause_end}, std::move(parameters));
  if (!answer.has_value()) return refused(answer.error());
  const bool stood = answer->text(0, 0) == "t";
  std::cout << scope_of(options) << (stood ? " goes on\n" : " was not paused\n");
  const auto others = answer->text(0, 1);
  if (others) std::cout << "still paused: " << *others << "\n";
  return 0;
}

}  // namespace

void add_pause_commands(CLI::App& app, std::function<int()>& chosen) {
  const auto pause = std::make_shared<PauseOptions>();
  auto* command = app.add_subcommand("pause", "Let nothing move forward for a while");
  add_operator_options(*command, *pause, "all of them");
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
  add_operator_options(*end, *resume, "the pause of all of them");
  end->footer(
      "Ends the pause of the same scope: without --policy the one of the whole cluster. Pauses of\n"
      "single policies stand beside it; those that still do are named.\n"
      "Exit status as of pause; 0 also when nothing was paused.\n\n"
      "Example:\n  homeostat resume\n  homeostat resume --policy circuit-breaker");
  end->callback([resume, &chosen] { chosen = [resume] { return resume_now(*resume); }; });
}

}  // namespace homeostat
