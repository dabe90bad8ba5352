// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/status.hpp"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "controller/cli/complain.hpp"
#include "controller/cli/daemon_client.hpp"
#include "controller/cli/past_source.hpp"
#include "controller/cli/text/status_text.hpp"

namespace homeostat {
namespace {

struct StatusOptions {
  std::string server = kDefaultServer;
  bool json = false;
  bool watch = false;
  bool all = false;        ///< zones at rest, too
  std::string probe = {};  ///< a health path without its slash; empty: not asked for
};

Result<std::string> asked(const StatusOptions& options) {
  const auto report = ask_daemon(options.server, "/v1/status");
  if (!report.has_value()) return report.error();
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  if (options.json) return report->dump(options.watch ? -1 : 2, ' ', false, kReplace) + "\n";
  return text::status(*report, options.all ? text::Zones::all : text::Zones::not_at_rest);
}

int once(const StatusOptions& options) {
  const auto text = asked(options);
  if (!text.has_value()) return complain(text.error());
  std::cout << *text;
  return 0;
}

int probe(const StatusOptions& options) {
  const auto health = ask_health(options.server, "/" + options.probe);
  if (!health.has_value()) return complain(health.error());
  std::cout << health->line << "\n";
  return health->well ? 0 : 1;
}

/// Until it is interrupted, or nobody reads it any more. A daemon that goes away may come back.
int watch(const StatusOptions& options) {
  const bool clears = isatty(STDOUT_FILENO) != 0 && !options.json;
  while (std::cout) {
    const auto text = asked(options);
    if (clears) std::cout << "\033[H\033[2J";
    if (text.has_value()) {
      std::cout << *text << (options.json ? "" : "\n") << std::flush;
    } else {
      (void)complain(text.error());
    }
    std::this_thread::sleep_for(std::chrono::seconds{2});
  }
  return 0;
}

}  // namespace

void add_status_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<StatusOptions>();
  auto* command = app.add_subcommand(
      "status", "Show signals beside their thresholds, policies, levers, probes and alerts");
  add_server_option(*command, options->server);
  auto* json = command->add_flag("--json", options->json,
                                 "Print /v1/status as it is (one line with --watch)");
  auto* watching =
      command->add_flag("--watch", options->watch, "Show it again every two seconds, until Ctrl-C");
  auto* all = command->add_flag("--all", options->all,
                                "Of many zones, also show those at which nothing is amiss");
  command->add_option("--probe", options->probe, "Only ask whether it lives, or is ready")
      ->check(CLI::IsMember({"livez", "readyz"}))
      ->excludes(json, watching, all);
  command->footer(
      "--probe is for those who cannot ask over HTTP, such as Kubernetes (exec probes).\n"
      "Exit status: 0, 1 when --probe is answered with no, 2 when no daemon answers.\n\n"
      "Example:\n  homeostat status --watch\n"
      "  homeostat status --json | jq '.levers'");
  command->callback([options, &chosen] {
    chosen = [options] {
      if (!options->probe.empty()) return probe(*options);
      return options->watch ? watch(*options) : once(*options);
    };
  });
}

}  // namespace homeostat
