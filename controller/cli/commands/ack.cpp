// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/ack.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "controller/cli/commands/operator.hpp"
#include "controller/cli/complain.hpp"
#include "controller/cli/ledger_call.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace {

struct AckOptions : OperatorOptions {
  std::string reason;
};

int acknowledge(const AckOptions& options) {
  const auto known = check_policy(options);
  if (!known.has_value()) return complain(known.error());
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(scope_of(options));
  parameters.emplace_back(options.reason);
  const auto answer = call_ledger(options.caller, std::string{sql::ack_set}, std::move(parameters));
  if (!answer.has_value()) return refused(answer.error());
  std::cout << scope_of(options) << " is acknowledged by " << answer->text(0, 0).value_or("")
            << ": what had stopped until now goes on within 5 seconds";
  if (!options.policy.empty()) {
    std::cout << "; a job with `approval: required` may make its next run";
  }
  std::cout << "\n";
  return 0;
}

}  // namespace

void add_ack_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<AckOptions>();
  auto* command = app.add_subcommand("ack", "Let go on what stopped until somebody looks");
  add_operator_options(*command, *options, "the storm brake");
  command->add_option("--reason", options->reason, "What you found; kept with the acknowledgement")
      ->required()
      ->type_name("TEXT");
  command->footer(
      "Without --policy: the storm brake. After too many acts (`limits.brake` of the "
      "configuration)\n"
      "nothing moves forward any more, until somebody has looked: status and the alert\n"
      "HomeostatStormBrake say so. What was done before counts no more.\n"
      "With --policy: a policy that failed in canary begins it anew; one that waits in shadow "
      "because\n"
      "its text was changed (`changed_policies`) acts. An acknowledgement is about what has "
      "stopped\n"
      "already: it is no permission for later. Only of a job with `approval: required` it is the "
      "yes to\n"
      "its next run, whether that waits already (alert HomeostatPolicyWaits) or its time is still "
      "to\n"
      "come. Its start uses the yes up, and a change of its text takes it back.\n"
      "The role needs: GRANT homeostat_operator TO …\n"
      "Exit status: 0, also when nothing had stopped; 1 when it is refused (no such policy, no "
      "such\n"
      "role, no right); 2 when the database does not answer.\n\n"
      "Example:\n  homeostat ack --reason \"lock storm after the release, rolled back\"\n"
      "  homeostat ack --policy circuit-breaker --reason \"threshold was too low, now 0.2\"\n"
      "  homeostat ack --policy shard-balance --reason \"looked at the plan, go\"");
  command->callback([options, &chosen] { chosen = [options] { return acknowledge(*options); }; });
}

}  // namespace homeostat
