// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/probe_cost.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <utility>

namespace homeostat::testing {
namespace {

constexpr auto kPatience = std::chrono::seconds{60};

}  // namespace

double cpu_of(clockid_t clock) {
  timespec used{};
  clock_gettime(clock, &used);
  return static_cast<double>(used.tv_sec) * 1e6 + static_cast<double>(used.tv_nsec) / 1e3;
}

void read_once(boost::asio::io_context& io, Probe& probe, TimePoint now) {
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

}  // namespace homeostat::testing
