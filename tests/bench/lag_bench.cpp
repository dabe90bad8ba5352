// SPDX-License-Identifier: Apache-2.0
// What one reading of the probe `kafka` costs, the first one (which finds the partitions) left out.
//
// Usage: lag_bench BOOTSTRAP GROUP TIMES BROKER_PID
//
// Prints, for each reading, the microseconds that it took, those of CPU here, librdkafka's threads
// included, and those of CPU of the broker.
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include "probes/kafka_lag.hpp"
#include "tests/bench/probe_cost.hpp"

using homeostat::testing::cpu_of;
using homeostat::testing::read_once;

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  clockid_t broker{};
  if (arguments.size() != 4 || clock_getcpuclockid(std::atoi(arguments[3].c_str()), &broker) != 0) {
    std::cerr << "usage: lag_bench BOOTSTRAP GROUP TIMES BROKER_PID\n";
    return 2;
  }
  homeostat::KafkaLagOptions options;
  options.address.bootstrap = arguments[0];
  options.group = arguments[1];
  boost::asio::io_context io(1);
  homeostat::KafkaLag probe{io.get_executor(), options};
  homeostat::TimePoint now{};
  read_once(io, probe, now);
  // A second apart by its own clock: every tenth asks for the group's state, too.
  for (int time = std::atoi(arguments[2].c_str()); time > 0; --time) {
    now += std::chrono::seconds{1};
    const auto began = std::chrono::steady_clock::now();
    const auto ours = cpu_of(CLOCK_PROCESS_CPUTIME_ID);
    const auto theirs = cpu_of(broker);
    read_once(io, probe, now);
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    std::cout << took.count() << ' ' << cpu_of(CLOCK_PROCESS_CPUTIME_ID) - ours << ' '
              << cpu_of(broker) - theirs << '\n';
  }
}
