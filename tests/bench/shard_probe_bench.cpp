// SPDX-License-Identifier: Apache-2.0
// What one reading of the probe `citus_shards` costs, connecting left out.
//
// Usage: shard_probe_bench DATABASE USER TIMES COORDINATOR=HOST NODE=HOST…
//
// Reads twice, prints `ready` and waits for a line; reads so many times, a second apart by the
// probe's clock, and prints for each reading the microseconds that it took and those of CPU here;
// then waits for another line, so that its sessions are there to be looked at until then.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "probes/citus_shards.hpp"
#include "tests/bench/probe_cost.hpp"

namespace {

using homeostat::CitusShards;
using homeostat::testing::cpu_of;
using homeostat::testing::read_once;

constexpr int kNodesFrom = 3;

/// The first of them is the coordinator.
homeostat::CitusShardsOptions options_of(const std::vector<std::string>& arguments) {
  homeostat::CitusShardsOptions options;
  for (std::size_t at = kNodesFrom; at < arguments.size(); ++at) {
    const auto equals = arguments[at].find('=');
    homeostat::pg::Address address;
    address.host = arguments[at].substr(equals + 1);
    address.dbname = arguments[0];
    address.user = arguments[1];
    address.sslmode = "disable";  // Unix sockets
    address.application_name = "homeostat";
    options.nodes.push_back({arguments[at].substr(0, equals), address});
  }
  options.coordinator = options.nodes.front().name;
  options.every = {};  // each of them is a real one
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() <= kNodesFrom) {
    std::cerr << "usage: shard_probe_bench DATABASE USER TIMES COORDINATOR=HOST NODE=HOST…\n";
    return 2;
  }
  boost::asio::io_context io(1);
  CitusShards probe{io.get_executor(), options_of(arguments)};
  homeostat::TimePoint now{};
  read_once(io, probe, now);
  read_once(io, probe, now += std::chrono::seconds{1});
  std::cout << "ready" << std::endl;
  std::string line;
  std::getline(std::cin, line);
  for (int time = std::atoi(arguments[2].c_str()); time > 0; --time) {
    now += std::chrono::seconds{1};
    const auto began = std::chrono::steady_clock::now();
    const auto ours = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
    read_once(io, probe, now);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    std::cout << took.count() << ' ' << cpu_of(CLOCK_PROCESS_CPUTIME_ID) - ours << '\n';
  }
  std::cout << "done" << std::endl;
  std::getline(std::cin, line);
}
