// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/replay.hpp"

#include <CLI/CLI.hpp>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/cli/complain.hpp"
#include "controller/cli/fail_on.hpp"
#include "controller/cli/page/replay_page.hpp"
#include "controller/cli/page/write_page.hpp"
#include "controller/cli/policy_paths.hpp"
#include "controller/cli/replay_source.hpp"
#include "controller/cli/replay_trace.hpp"
#include "controller/cli/text/replay_text.hpp"
#include "controller/cli/when.hpp"
#include "controller/loop/system_clock.hpp"
#include "controller/simulator/backtest.hpp"

namespace homeostat {
namespace {

struct ReplayOptions {
  std::string recording;
  std::string config;
  std::vector<std::string> policies;
  std::vector<std::string> against;
  std::string since;
  std::string until;
  std::vector<std::string> fail_on;
  int limit = 50;
  bool json = false;
  std::string html;
};

/// Errors are printed; nothing then.
std::optional<PolicySet> load_set(const std::vector<std::string>& paths,
                                  const PolicyContext& context) {
  auto load = load_named_policies(paths, context, ": name it with --config");
  print_findings(std::cerr, load.errors);
  if (load.set) print_findings(std::cerr, load.notes, "note: ");
  return std::move(load.set);
}

/// The configuration's part, and its own policies unless others are named.
std::optional<PolicyContext> load_context(ReplayOptions& options) {
  if (options.config.empty()) return default_context();
  const auto load = load_config(options.config, Secrets::left_alone);
  print_findings(std::cerr, load.errors);
  if (!load.config) return std::nullopt;
  if (options.policies.empty()) {
    auto files = policy_files(*load.config);
    if (!files.has_value()) {
      print_findings(std::cerr, {{files.error().place, files.error().context}});
      return std::nullopt;
    }
    options.policies = std::move(*files);
  }
  return context_of(*load.config);
}

Result<std::optional<WallTime>> when(const std::string& text) {
  if (text.empty()) return std::optional<WallTime>();
  const auto time = parse_when(text, SystemClock().wall());
  if (!time.has_value()) return time.error();
  return std::optional(*time);
}

struct Prepared {
  BacktestOptions run;
  Vocabulary words;
};

std::optional<Prepared> read_options(ReplayOptions options) {
  if (options.config.empty() && options.policies.empty()) {
    std::cerr << "homeostat: name what to replay: --policies, or --config for the daemon's own\n";
    return std::nullopt;
  }
  auto context = load_context(options);
  if (!context) return std::nullopt;
  BacktestOptions run;
  run.speed_up = context->speed_up;
  auto policies = load_set(options.policies, *context);
  if (!policies) return std::nullopt;
  run.policies = std::move(*policies);
  if (!options.against.empty()) {
    run.against = load_set(options.against, *context);
    if (!run.against) return std::nullopt;
  }
  const auto from = when(options.since);
  const auto until = when(options.until);
  if (!from.has_value() || !until.has_value()) {
    complain(from.has_value() ? until.error() : from.error());
    return std::nullopt;
  }
  run.from = *from;
  run.until = *until;
  return Prepared{std::move(run), std::move(context->words)};
}

/// --html: the recording is told a second time, to be drawn.
Result<void> write_html(const ReplayOptions& options, const Backtest& backtest, BacktestOptions run,
                        page::ReplayPage page, const std::function<Result<void>(Backtest&)>& tell) {
  const auto policies = run.policies;
  const auto trace = trace_of(backtest, std::move(run), page.other, tell);
  if (!trace.has_value()) return trace.error();
  return page::write_page(options.html, page::replay_page(page, backtest, policies, *trace));
}

/// Printed, too.
std::vector<std::string> exceeded(const std::vector<FailOn>& limits, const Backtest& backtest) {
  std::vector<std::string> all;
  for (const auto& limit : limits) {
    auto found = failed(limit, backtest);
    if (!found) continue;
    std::cerr << "homeostat: " << *found << "\n";
    all.push_back(std::move(*found));
  }
  return all;
}

int run_replay(const ReplayOptions& options) {
  std::vector<FailOn> limits;
  for (const auto& text : options.fail_on) {
    auto limit = parse_fail_on(text);
    if (!limit.has_value()) return complain(limit.error());
    limits.push_back(std::move(*limit));
  }
  if (!options.html.empty()) {
    const auto writable = page::check_page(options.html);
    if (!writable.has_value()) return complain(writable.error());
  }
  const auto prepared = read_options(options);
  if (!prepared) return 1;
  const bool journal = is_journal(options.recording);
  auto backtest_options = prepared->run;
  backtest_options.decided = journal;
  Backtest backtest(backtest_options);
  const std::string recorded = journal ? "recorded" : "";
  const std::string other = options.against.empty() ? recorded : "against";
  for (const auto& limit : limits) {
    if (!other.empty() || !compares(limit)) continue;
    return complain({ErrorCode::invalid_input,
                     "--fail-on " + limit.figure +
                         " compares, and samples alone hold no decisions: name --against, too"});
  }
  const auto& settings = prepared->run.policies.settings;
  const auto tell = [&](Backtest& listener, Notes notes) {
    return journal ? tell_journal(options.recording, listener)
                   : tell_samples(options.recording, prepared->words, settings, notes, listener);
  };
  const auto told = tell(backtest, Notes::printed);
  if (!told.has_value()) return complain(told.error());
  std::cout << (options.json ? text::replay_json(backtest, other)
                             : text::replay(backtest, other, options.limit));
  const auto found = exceeded(limits, backtest);
  if (!options.html.empty()) {
    const auto written =
        write_html(options, backtest, std::move(backtest_options),
                   {options.recording, other, found, options.limit},
                   [&](Backtest& listener) { return tell(listener, Notes::left_out); });
    if (!written.has_value()) return complain(written.error());
  }
  return found.empty() ? 0 : 1;
}

std::string figures() {
  std::string names;
  for (const auto& name : fail_on_figures()) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

void add_replay_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<ReplayOptions>();
  auto* command =
      app.add_subcommand("replay", "Tell what policies would have decided about a recording");
  command
      ->add_option("RECORDING", options->recording,
                   "A journal (of a daemon that is not running, or a copy), or a file of samples: "
                   "JSON of Prometheus' range API, or CSV")
      ->required();
  command->add_option("--policies", options->policies, "Files or folders of the policies to replay")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command
      ->add_option("--config", options->config,
                   "The daemon's configuration: its inventory, sampling and mode_ceiling, and its "
                   "policies unless --policies names others")
      ->type_name("FILE");
  command
      ->add_option("--against", options->against,
                   "Compare with these policies instead of what was recorded")
      ->type_name("PATH")
      ->allow_extra_args(false);
  command->add_option("--since", options->since, "Count from then on")->type_name("TIME|AGE");
  command->add_option("--until", options->until, "Count until then")->type_name("TIME|AGE");
  command
      ->add_option("--fail-on", options->fail_on,
                   "Exit with 1 if a figure of the replayed policies exceeds a number: flaps>0; "
                   "may be repeated")
      ->allow_extra_args(false)
      ->type_name("FIGURE>NUMBER");
  command->add_option("--limit", options->limit, "At most so many actions")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  command->add_flag("--json", options->json, "One JSON object instead of text");
  command
      ->add_option("--html", options->html,
                   "Also write one page with charts of signals, thresholds, states and actions")
      ->type_name("FILE");
  command->footer(
      "Decides with the daemon's own decide(), on a virtual clock. With the policies that were\n"
      "recorded every verdict comes out the same, byte for byte. What the recorded daemon did is\n"
      "in the samples: a recording in shadow tells most about what to switch on.\n"
      "Samples from Prometheus: the answer of /api/v1/query_range as it is, or its series one a\n"
      "line (jq -c '.data.result[]'); of Homeostat's own metrics, with a step of sampling.fold. "
      "CSV\n"
      "has a first line with time,signal,subject,value, and denominator where a ratio comes as "
      "two\n"
      "counts: 2026-03-01T12:00:00Z,pg_blocked_ratio,node/main,9,20 is 0.45. What a series\n"
      "lacks at a time that another one has is absent there.\n"
      "Figures of --fail-on: " +
      figures() +
      ".\n"
      "Exit status: 0; 1 for wrong input or a figure beyond its limit; 2 when the journal cannot\n"
      "be read.\n\n"
      "Example:\n"
      "  homeostat replay journal.db --config homeostat.yaml\n"
      "  homeostat replay journal.db --config homeostat.yaml --policies policies/new --since 7d\n"
      "  homeostat replay journal.db --policies new.yaml --against old.yaml --fail-on 'flaps>0'\n"
      "  homeostat replay journal.db --config homeostat.yaml --html replay.html\n"
      "  curl -sG 127.0.0.1:9090/api/v1/query_range --data-urlencode step=5 \\\n"
      "    --data-urlencode 'query={__name__=~\"homeostat_pg_.*\"}' \\\n"
      "    --data-urlencode start=2026-03-01T12:00:00Z --data-urlencode end=2026-03-01T14:00:00Z "
      "\\\n"
      "    > samples.json && homeostat replay samples.json --policies new.yaml");
  command->callback([options, &chosen] { chosen = [options] { return run_replay(*options); }; });
}

}  // namespace homeostat
