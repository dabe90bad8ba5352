// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/explain.hpp"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/cli/complain.hpp"
#include "controller/cli/past_source.hpp"
#include "controller/cli/text/explain_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/when.hpp"
#include "controller/loop/system_clock.hpp"
#include "policies/loader/nearest.hpp"

namespace homeostat {
namespace {

/// Evaluations looked through for one of each subject.
constexpr int kExplainRows = 500;

struct ExplainOptions {
  PastOptions past;
  std::string policy;
  std::string subject;
  std::string at;
};

Result<HistoryQuery> query_of(const ExplainOptions& options) {
  HistoryQuery query;
  query.policy = options.policy;
  query.limit = kExplainRows;
  if (!options.subject.empty()) {
    query.subject = parse_subject(options.subject);
    query.limit = 1;
    if (!query.subject) {
      return Error{ErrorCode::invalid_input, "`" + options.subject +
                                                 "` is no subject: expected cluster, or "
                                                 "KIND/NAME such as node/main"};
    }
  }
  if (options.at.empty()) return query;
  const auto at = parse_when(options.at, SystemClock().wall());
  if (!at.has_value()) return at.error();
  query.until = *at;
  return query;
}

/// ": it is evaluated on `cluster`", or nothing.
std::string subjects_of(const History& history, HistoryQuery query) {
  query.subject.reset();
  query.limit = kExplainRows;
  const auto verdicts = history.verdicts(query);
  std::set<Subject> seen;
  if (verdicts.has_value()) {
    for (const auto& recorded : *verdicts) seen.insert(recorded.verdict.subject);
  }
  std::vector<std::string> names;
  for (const auto& subject : seen) names.push_back(to_text(subject));
  return names.empty() ? "" : ": it is evaluated on " + loader::in_quotes(names);
}

Error nothing_found(const ExplainOptions& options, const HistoryQuery& query,
                    const History& history) {
  auto what = "no evaluation of " + options.policy;
  if (query.subject) what += " on " + options.subject;
  if (query.until) what += " up to " + text::utc(*query.until);
  what += " is recorded";
  if (query.subject) what += subjects_of(history, query);
  return {ErrorCode::not_found, what};
}

/// How the last act up to `recorded` was judged, if one was; of now, the last of all: acts are
/// judged between evaluations, too.
Result<std::optional<Effect>> last_judged(const PastSource& source, HistoryQuery query,
                                          const RecordedVerdict& recorded) {
  query.subject = recorded.verdict.subject;
  if (query.until) query.until = recorded.wall;
  query.limit = 1;
  auto effects = source.history->effects(query);
  if (!effects.has_value()) return effects.error();
  if (effects->empty()) return std::optional<Effect>();
  return std::optional(std::move(effects->front().effect));
}

/// The newest of each subject, as one text.
Result<std::string> explained(const ExplainOptions& options) {
  const auto query = query_of(options);
  if (!query.has_value()) return query.error();
  const auto source = open_past(options.past);
  if (!source.has_value()) return source.error();
  const auto verdicts = source->history->verdicts(*query);
  if (!verdicts.has_value()) return verdicts.error();
  if (verdicts->empty()) {
    // A policy that is gone has a past all the same: only a name without any may be misspelt.
    const auto known = check_policy_name(*source, options.policy);
    if (!known.has_value()) return known.error();
    return nothing_found(options, *query, *source->history);
  }
  const auto policy = policy_named(*source, options.policy);
  std::set<Subject> seen;
  std::string out;
  for (const auto& recorded : *verdicts) {
    if (!seen.insert(recorded.verdict.subject).second) continue;
    const auto judged = last_judged(*source, *query, recorded);
    if (!judged.has_value()) return judged.error();
    out +=
        (out.empty() ? "" : "\n") + text::explain(recorded.verdict, recorded.wall, policy, *judged);
  }
  return out;
}

int run_explain(const ExplainOptions& options) {
  const auto text = explained(options);
  if (!text.has_value()) return complain(text.error());
  std::cout << *text;
  return 0;
}

}  // namespace

void add_explain_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<ExplainOptions>();
  auto* command = app.add_subcommand(
      "explain", "Say what a policy measured, each gate's margin, and why it did or did not act");
  command->add_option("POLICY", options->policy, "Its name")->required();
  command->add_option("--subject", options->subject, "Only about this one: cluster, or node/NAME")
      ->type_name("SUBJECT");
  command->add_option("--at", options->at, "The last evaluation up to then; default: the newest")
      ->type_name("TIME|AGE");
  add_past_options(*command, options->past);
  command->footer(
      "TIME is RFC 3339 (2026-03-01T12:00:00Z), AGE is how long ago (5m, 1h30m).\n"
      "Exit status: 0; 1 when there is no such policy or evaluation; 2 when nobody answers.\n\n"
      "Example:\n  homeostat explain circuit-breaker\n"
      "  homeostat explain circuit-breaker --at 5m\n"
      "  homeostat explain lock-contention --subject cluster --at 2026-03-01T12:00:00Z");
  command->callback([options, &chosen] { chosen = [options] { return run_explain(*options); }; });
}

}  // namespace homeostat
