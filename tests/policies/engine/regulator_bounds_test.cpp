// SPDX-License-Identifier: Apache-2.0
// Dead-band, step limit, and that nothing ever leaves the bounds.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/policies/engine/regulators.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

/// The window is the signal itself.
Policy direct() {
  auto policy = batch_window();
  policy.regulator->bounds = {0, 1, 0, {}};
  policy.regulator->to = formula("wanted", {"wanted"});
  return policy;
}

std::optional<double> want(World& world, double value) {
  put_signal(world, "wanted", value);
  return stands(world.tick(), "window");
}

}  // namespace

TEST_CASE("regulator: a move within the dead-band of the value that stands is not made") {
  auto policy = direct();
  policy.regulator->bounds.dead_band = 0.1;
  World world({policy});
  CHECK(want(world, 0.5) == 0.5);
  CHECK(want(world, 0.54) == 0.5);
  CHECK(latest(world).step == Step::holding);
  CHECK(latest(world).target == 0.54);
  const auto* gate = gate_of(latest(world), GateKind::dead_band);
  REQUIRE(gate != nullptr);
  CHECK(gate->threshold == Approx(0.05));
  CHECK_FALSE(gate->passed);
  CHECK(want(world, 0.46) == 0.5);
  // It is the value that stands that counts, not the one computed last: drift adds up.
  CHECK(want(world, 0.56) == 0.56);
  CHECK(want(world, 0.51) == 0.56);
}

TEST_CASE("regulator: a dead-band does not pin the lever at 0") {
  auto policy = direct();
  policy.regulator->bounds.dead_band = 0.5;
  World world({policy});
  CHECK(want(world, 0) == 0);
  CHECK(want(world, 0.001) == 0.001);
  CHECK(want(world, 0) == 0);
}

TEST_CASE("regulator: a move goes no further than one step, from the baseline on") {
  auto policy = direct();
  policy.regulator->bounds.max_step = 0.2;
  World world({policy});
  CHECK(want(world, 0.5) == Approx(0.2));
  CHECK_FALSE(gate_of(latest(world), GateKind::max_step)->passed);
  CHECK(want(world, 0.5) == Approx(0.4));
  CHECK(want(world, 0.5) == 0.5);
  CHECK(gate_of(latest(world), GateKind::max_step)->passed);
  CHECK(want(world, 0) == Approx(0.3));
}

TEST_CASE("regulator: what lay beyond the bounds is forgotten at once") {
  World world({direct()});
  for (int i = 0; i < 100; ++i) CHECK(want(world, 1e12) == 1);
  CHECK(want(world, 0.9) == 0.9);
}

TEST_CASE("regulator: the value never leaves its bounds, nor moves further than a step") {
  std::mt19937_64 random(20260101);
  std::uniform_real_distribution<double> uniform(0, 1);
  auto window = direct();
  window.regulator->bounds = {0.1, 0.9, 0.05, 0.07};
  window.regulator->baseline = 0.1;
  auto cap = back_pressure();
  World world({cap, window});
  std::optional<double> before;
  int moved = 0;
  for (int i = 0; i < 20'000; ++i) {
    const double dice = uniform(random);
    const double scale = std::pow(10, 12 * uniform(random) - 6);
    put_signal(world, "wanted", dice < 0.5 ? uniform(random) : (dice < 0.75 ? scale : -scale));
    put_signal(world, "waiting", 2 * uniform(random));
    if (dice < 0.02) world.put_absent("wanted");
    if (dice > 0.98) world.put_absent("waiting");
    if (dice > 0.3 && dice < 0.31) put_signal(world, "wanted", std::nan(""));
    world.snapshot.bar = uniform(random) < 0.05 ? ForwardBar::paused : ForwardBar::none;
    world.last = decide(world.set, world.snapshot, std::move(world.state), world.now);
    world.state = world.last.state;
    world.now += world.step;
    for (const auto& lever : world.last.desired) {
      const bool is_cap = lever.key.lever == "admission";
      const double value = std::get<double>(lever.value.arguments.at(lever.regulated));
      if (!(value >= (is_cap ? 40 : 0.1) && value <= (is_cap ? 400 : 0.9))) {
        FAIL("step " << i << ": " << lever.key.lever << " stands at " << value);
      }
      if (is_cap) continue;
      if (before && std::abs(value - *before) > 0.07 + 1e-12) {
        FAIL("step " << i << ": moved from " << *before << " to " << value);
      }
      moved += before && value != *before ? 1 : 0;
      before = value;
    }
  }
  CHECK(moved > 2'000);
}
