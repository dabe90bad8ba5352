// SPDX-License-Identifier: Apache-2.0
// What one reading of the probe `citus_shards` costs, connecting left out.
//
// Usage: shard_probe_bench DATABASE USER TIMES COORDINATOR=HOST NODE=HOST…
//
// Reads twice, prints `ready` and waits for a line; reads so many times, a second apart by the
// probe's clock, and prints for each reading the microseconds that it took and those of CPU here;
// then waits for another line, so that its sessions are there to be looked at until then.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "probes/citus_shards.hpp"

namespace {

using homeostat::CitusShards;
using homeostat::Reading;
using homeostat::Result;

constexpr auto kPatience = std::chrono::seconds{60};
constexpr int kNodesFrom = 3;

double own_cpu() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

/// One reading, waited for; ends the program when there is none.
void read_once(boost::asio::io_context& io, CitusShards& probe, homeostat::TimePoint now) {
  std::optional<Result<Reading>> reading;
  const auto done = [&reading](std::exception_ptr failure, Result<Reading> found) {
    if (failure) std::rethrow_exception(failure);
    reading.emplace(std::move(found));
  };
  boost::asio::co_spawn(io, probe.sample(now, kPatience), done);
  io.restart();
  io.run();
  if (reading && reading->has_value()) return;
  std::cerr << (reading ? reading->error().context : "no reading") << '\n';
  std::exit(1);
}

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
    const auto ours = own_cpu();
    read_once(io, probe, now);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    std::cout << took.count() << ' ' << own_cpu() - ours << '\n';
  }
  std::cout << "done" << std::endl;
  std::getline(std::cin, line);
}
