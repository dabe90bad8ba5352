// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/history.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <string>

#include "controller/cli/complain.hpp"
#include "controller/cli/past_source.hpp"
#include "controller/cli/text/history_json.hpp"
#include "controller/cli/text/history_text.hpp"
#include "controller/cli/text/quantity.hpp"
#include "controller/cli/when.hpp"
#include "controller/loop/system_clock.hpp"

namespace homeostat {
namespace {

/// Rows of a kind that are looked at: a line may stand for many.
constexpr int kHistoryRows = 1000;

struct HistoryOptions {
  PastOptions past;
  std::string policy;
  std::string since = "24h";
  int limit = 50;
  bool json = false;
};

struct Found {
  text::Past past;
  WallTime complete_since{};  ///< older rows are there that were not looked at
  bool cut = false;
};

/// Full lists reach back to different times: what is older than the shortest of them would be half
/// of the truth.
template <class Recorded>
void note_reach(const std::vector<Recorded>& rows, Found& found) {
  if (rows.size() < static_cast<std::size_t>(kHistoryRows)) return;
  found.cut = true;
  found.complete_since = std::max(found.complete_since, rows.back().wall);
}

template <class Recorded>
void drop_older(std::vector<Recorded>& rows, WallTime oldest) {
  rows.erase(std::remove_if(rows.begin(), rows.end(),
                            [oldest](const Recorded& row) { return row.wall < oldest; }),
             rows.end());
}

Result<Found> look(const History& history, const HistoryQuery& query) {
  auto verdicts = history.verdicts(query);
  if (!verdicts.has_value()) return verdicts.error();
  auto acts = history.acts(query);
  if (!acts.has_value()) return acts.error();
  auto effects = history.effects(query);
  if (!effects.has_value()) return effects.error();
  Found found{{std::move(*verdicts), std::move(*acts), std::move(*effects)}};
  note_reach(found.past.verdicts, found);
  note_reach(found.past.acts, found);
  note_reach(found.past.effects, found);
  drop_older(found.past.verdicts, found.complete_since);
  drop_older(found.past.acts, found.complete_since);
  drop_older(found.past.effects, found.complete_since);
  return found;
}

Result<Found> asked(const HistoryOptions& options) {
  HistoryQuery query;
  query.limit = kHistoryRows;
  query.changes_only = true;
  const auto since = parse_when(options.since, SystemClock().wall());
  if (!since.has_value()) return since.error();
  query.from = *since;
  const auto source = open_past(options.past);
  if (!source.has_value()) return source.error();
  if (!options.policy.empty()) query.policy = options.policy;
  auto found = look(*source->history, query);
  if (!found.has_value() || options.policy.empty()) return found;
  const auto& past = found->past;
  if (past.verdicts.empty() && past.acts.empty() && past.effects.empty()) {
    const auto known = check_policy_name(*source, options.policy);
    if (!known.has_value()) return known.error();
  }
  return found;
}

int run_history(const HistoryOptions& options) {
  const auto found = asked(options);
  if (!found.has_value()) return complain(found.error());
  if (options.json) {
    std::cout << text::history_json(found->past, options.limit);
    return 0;
  }
  const auto lines = text::history(found->past, options.limit);
  if (lines.text.empty()) std::cerr << "homeostat: nothing was decided or done in that time\n";
  std::cout << lines.text;
  if (lines.left_out > 0) {
    std::cerr << "homeostat: " << lines.left_out << " older "
              << (lines.left_out == 1 ? "line is" : "lines are")
              << " left out: --limit N shows more\n";
  }
  if (found->cut) {
    std::cerr << "homeostat: there was more before " << text::utc(found->complete_since)
              << ": narrow it down with --policy or --since\n";
  }
  return 0;
}

}  // namespace

void add_history_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<HistoryOptions>();
  auto* command =
      app.add_subcommand("history", "List what was decided, done and achieved, newest last");
  command->add_option("--policy", options->policy, "Only this one")->type_name("POLICY");
  command->add_option("--since", options->since, "From then on")
      ->capture_default_str()
      ->type_name("TIME|AGE");
  command->add_option("--limit", options->limit, "At most so many lines, the newest")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  command->add_flag("--json", options->json, "One JSON object instead of lines");
  add_past_options(*command, options->past);
  command->footer(
      "TIME is RFC 3339 (2026-03-01T12:00:00Z), AGE is how long ago (5m, 1h30m). Evaluations that\n"
      "changed nothing are left out: `homeostat explain` has them.\n"
      "Exit status: 0; 1 when there is no such policy; 2 when nobody answers.\n\n"
      "Example:\n  homeostat history --since 1h\n"
      "  homeostat history --policy circuit-breaker --limit 10\n"
      "  homeostat history --journal /var/lib/homeostat/journal.db --json");
  command->callback([options, &chosen] { chosen = [options] { return run_history(*options); }; });
}

}  // namespace homeostat
