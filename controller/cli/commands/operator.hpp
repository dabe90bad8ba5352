// SPDX-License-Identifier: Apache-2.0
// What the commands by which an operator tells the ledger something have in common: pause, resume,
// ack.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "controller/cli/ledger_call.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

struct OperatorOptions {
  LedgerCaller caller;
  std::string policy;  ///< empty: the whole cluster
};

/// `without_policy`: what is meant when no --policy is given.
void add_operator_options(CLI::App& command, OperatorOptions& options,
                          const std::string& without_policy);

/// `cluster` or `policy/NAME`.
std::string scope_of(const OperatorOptions& options);

/// Refuses a name that no policy has: what is said to nobody would be believed in. Policies that
/// cannot be read are only said so: whoever calls may be in a hurry.
Result<void> check_policy(const OperatorOptions& options);

/// Says what the operator lacks, in words that say what to do. The exit status.
int refused(Error error);

}  // namespace homeostat
