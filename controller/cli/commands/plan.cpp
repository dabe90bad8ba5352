// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/plan.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cmath>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actuators/placement/joint_plan.hpp"
#include "controller/cli/complain.hpp"
#include "controller/cli/policy_paths.hpp"
#include "controller/cli/setup.hpp"
#include "controller/cli/shard_plan.hpp"
#include "controller/cli/shard_room.hpp"
#include "controller/cli/text/shard_plan_text.hpp"
#include "controller/cli/wiring.hpp"
#include "controller/loop/system_clock.hpp"
#include "policies/loader/nearest.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr int kNotEven = 1;
constexpr int kNoPlan = 2;
constexpr Duration kAnswer = std::chrono::seconds{30};
constexpr Duration kTimersDiffer = std::chrono::milliseconds{50};

struct PlanOptions {
  std::string config = kDefaultConfig;
  std::string weight = "rows";
  double window = 60;     ///< seconds
  double deviation = 10;  ///< per cent
  std::vector<std::string> drain;
  bool json = false;
};

/// Twice, a window apart, where load counts: it is what was read and written between the two.
asio::awaitable<Result<Reading>> read_over(Probe& probe, std::optional<Duration> window) {
  const SystemClock clock;
  Result<Reading> reading = co_await probe.sample(clock.now(), kAnswer);
  if (!window || !reading.has_value()) co_return std::move(reading);
  std::cerr << "counting what is read and written for " << std::lround(to_seconds(*window))
            << " s\n";
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer{executor};
  timer.expires_after(*window + kTimersDiffer);
  co_await timer.async_wait(asio::use_awaitable);
  reading = co_await probe.sample(clock.now(), kAnswer);
  co_return std::move(reading);
}

Result<ShardLayout> read_layout(const Config& config, std::optional<Duration> window) {
  asio::io_context io(1);
  const auto known = std::make_shared<KnownShards>();
  const auto probe = make_citus_probe(config, io.get_executor(), known, window);
  std::optional<Error> failure;
  const auto done = [&failure](std::exception_ptr thrown, Result<Reading> reading) {
    if (thrown) std::rethrow_exception(thrown);
    if (!reading.has_value()) failure = reading.error();
  };
  asio::co_spawn(io, read_over(*probe, window), done);
  io.run();
  if (failure) return *failure;
  return *known->newest;
}

/// As if these were to be emptied. An error: a name that is no node with shards.
std::optional<Error> drain(const std::vector<std::string>& names, ShardLayout& layout) {
  std::vector<std::string> nodes;
  for (const auto& node : layout.nodes) nodes.push_back(node.name);
  for (const auto& name : names) {
    const auto found = std::find_if(layout.nodes.begin(), layout.nodes.end(),
                                    [&](const auto& node) { return node.name == name; });
    if (found == layout.nodes.end()) {
      return Error{ErrorCode::invalid_input, "--drain " + name + ": no such node with shards; " +
                                                 loader::suggestion(name, nodes)};
    }
    found->takes_shards = false;
  }
  return std::nullopt;
}

/// Why the lever would refuse the plan as things are.
std::optional<std::string> refused_as_is(const ShardLayout& layout,
                                         const placement::Problem& problem,
                                         const placement::Plan& plan) {
  std::vector<ShardMoves::Move> moves;
  for (const auto& move : plan.moves) {
    const auto& group = problem.groups[move.group];
    moves.push_back({group.shard, problem.nodes[move.to].group, group.bytes});
  }
  return room_problem(layout, moves);
}

int no_plan(const Error& error) {
  complain(error);
  return kNoPlan;
}

int run_plan(const PlanOptions& options) {
  const auto load = load_config(options.config);
  if (!load.config) {
    print_findings(std::cerr, load.errors);
    return kNoPlan;
  }
  if (!load.config->citus) {
    return no_plan({ErrorCode::invalid_input,
                    options.config + " has no postgres.citus: there are no shards to plan for"});
  }
  const bool counts_load = options.weight == "load" || options.weight == "max";
  auto layout = read_layout(
      *load.config, counts_load ? std::optional{from_seconds(options.window)} : std::nullopt);
  if (!layout.has_value()) return no_plan(layout.error());
  if (const auto wrong = drain(options.drain, *layout)) return no_plan(*wrong);
  const auto problem = shard_problem(*layout, {options.deviation / 100, options.weight});
  if (!problem.has_value()) return no_plan(problem.error());
  const auto plan = placement::plan(*problem);
  const std::string all = layout->load_unknown.empty() ? "rows, bytes or load" : "rows or bytes";
  const auto measure = options.weight == "max" ? all : options.weight;
  const auto refused = refused_as_is(*layout, *problem, plan);
  if (options.json) {
    auto json = text::shard_plan_json(*problem, plan, options.weight);
    if (refused) json["refused"] = *refused;
    std::cout << json.dump(2) << "\n";
  } else {
    std::cout << text::shard_plan(*problem, plan, measure);
    if (refused)
      std::cout << "\nThe lever `rebalance` would refuse these moves now: " << *refused << "\n";
  }
  return plan.even ? 0 : kNotEven;
}

}  // namespace

void add_plan_command(CLI::App& app, std::function<int()>& chosen) {
  const auto options = std::make_shared<PlanOptions>();
  auto* command = app.add_subcommand("plan", "Print a plan without acting");
  command->require_subcommand(1);
  auto* shards = command->add_subcommand(
      "shards", "Which shards of Citus would move where, with the nodes before and after");
  shards->add_option("--config", options->config, "The daemon's configuration")
      ->capture_default_str();
  shards
      ->add_option(
          "--weight", options->weight,
          "What is to be even: rows, bytes, load (rows read and written a second), or max: "
          "the largest share of these")
      ->check(CLI::IsMember({"rows", "bytes", "load", "max"}))
      ->capture_default_str();
  shards
      ->add_option("--window", options->window,
                   "How long rows read and written are counted for load and max, in seconds")
      ->check(CLI::Range(1.0, 3600.0))
      ->capture_default_str();
  shards
      ->add_option("--deviation", options->deviation,
                   "How far a node may be from its fair share, in per cent")
      ->check(CLI::Range(0.1, 100.0))
      ->capture_default_str();
  shards->add_option("--drain", options->drain, "As if this node were to be emptied; repeatable")
      ->type_name("NODE");
  shards->add_flag("--json", options->json, "One JSON object instead of text");
  shards->footer(
      "It asks every node as the daemon does, as postgres.nodes says, and changes nothing. The "
      "lever\n"
      "`rebalance` carries out the same plan. Placement rules and capacities are those of\n"
      "postgres.citus.\n"
      "Exit status: 0 every node is within the deviation after the moves, 1 that is not possible\n"
      "(with what would mend it), 2 there is no plan: configuration, connection, unknown sizes.\n\n"
      "Example:\n  homeostat plan shards --config /etc/homeostat/homeostat.yaml\n"
      "  homeostat plan shards --weight load --window 300\n"
      "  homeostat plan shards --drain worker-2 --json | jq '.moves[]'");
  shards->callback([options, &chosen] { chosen = [options] { return run_plan(*options); }; });
}

}  // namespace homeostat
