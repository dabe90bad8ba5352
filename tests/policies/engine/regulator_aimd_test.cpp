// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/policies/engine/regulators.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

std::optional<double> waiting(World& world, double value) {
  put_signal(world, "waiting", value);
  return stands(world.tick(), "concurrency");
}

std::optional<double> waiting_for(World& world, double value, int count) {
  for (int i = 1; i < count; ++i) waiting(world, value);
  return waiting(world, value);
}

}  // namespace

TEST_CASE("aimd: it starts where the lever restricts least") {
  World world({back_pressure()});
  CHECK(waiting(world, 0.1) == 400);
  CHECK(latest(world).step == Step::adjusted);
  CHECK(waiting(world, 0.1) == 400);
  CHECK(latest(world).step == Step::idle);
}

TEST_CASE("aimd: it starts from nothing unknown") {
  World world({back_pressure()});
  world.put_absent("waiting");
  CHECK(world.tick().desired.empty());
}

TEST_CASE("aimd: under a bar nothing is set, not even the baseline (S7)") {
  World world({back_pressure()});
  world.snapshot.bar = ForwardBar::not_leader;
  CHECK_FALSE(waiting(world, 0.1));
  CHECK(latest(world).step == Step::blocked);
}

TEST_CASE("aimd: cuts by a factor, not oftener than `every`") {
  World world({back_pressure()});
  waiting(world, 0.1);
  CHECK(waiting(world, 2) == Approx(280));
  CHECK(waiting(world, 2) == Approx(280));
  CHECK(latest(world).step == Step::idle);
  CHECK_FALSE(gate_of(latest(world), GateKind::cut_every)->passed);
  CHECK(waiting(world, 2) == Approx(280));
  CHECK(waiting(world, 2) == Approx(196));
}

TEST_CASE("aimd: an overload in the very first reading is cut too, and counts as a cut") {
  World world({back_pressure()});
  CHECK(waiting(world, 2) == Approx(280));
  CHECK(waiting_for(world, 2, 2) == Approx(280));
  CHECK(waiting(world, 2) == Approx(196));
}

TEST_CASE("aimd: grows by a share of the maximum while clear, holds between clear and trip") {
  World world({back_pressure()});
  waiting(world, 2);
  CHECK(waiting_for(world, 0.7, 60) == Approx(280));
  CHECK(waiting(world, 0.1) == Approx(300));
  CHECK(waiting_for(world, 0.1, 2) == Approx(300));
  CHECK(waiting(world, 0.1) == Approx(320));
  CHECK(waiting_for(world, 0.1, 60) == 400);
}

TEST_CASE("aimd: a cut does not wait for a growth") {
  World world({back_pressure()});
  waiting(world, 2);
  waiting_for(world, 0.7, 10);
  CHECK(waiting(world, 0.1) == Approx(300));
  CHECK(waiting(world, 2) == Approx(210));
}

TEST_CASE("aimd: nothing winds up beyond the bounds") {
  World world({back_pressure()});
  CHECK(waiting_for(world, 2, 1000) == 40);
  CHECK(waiting(world, 0.1) == Approx(60));
  CHECK(waiting_for(world, 0.1, 1000) == 400);
  CHECK(waiting(world, 2) == Approx(280));
}

TEST_CASE("aimd: an absent signal holds, and neither cuts nor grows") {
  World world({back_pressure()});
  waiting(world, 2);
  for (int i = 0; i < 60; ++i) {
    world.put_absent("waiting");
    CHECK(stands(world.tick(), "concurrency") == Approx(280));
  }
  CHECK(latest(world).step == Step::unknown);
}

TEST_CASE("aimd: under a bar it still grows back, and cuts nothing (S7, H37)") {
  World world({back_pressure()});
  waiting(world, 2);
  world.snapshot.bar = ForwardBar::paused;
  CHECK(waiting_for(world, 2, 10) == Approx(280));
  CHECK(latest(world).step == Step::blocked);
  CHECK(waiting_for(world, 0.1, 60) == 400);
}

TEST_CASE("aimd: a smoothed condition is not tripped by one blip") {
  auto policy = back_pressure();
  policy.open.arms[0].smooth = seconds(5);
  World world({policy});
  waiting_for(world, 0.1, 10);
  CHECK(waiting(world, 4) == 400);
  waiting_for(world, 0.1, 20);
  CHECK(stands(world.last, "concurrency") == 400);
  CHECK(waiting_for(world, 4, 4) < 400);
}

TEST_CASE("aimd: finds the load that a plant can bear, and stays near it") {
  // Transactions wait as soon as more than 150 are let in; 500 want to come in.
  World world({back_pressure()});
  double cap = 400;
  double least = 400;
  double most = 0;
  for (int i = 0; i < 600; ++i) {
    cap = waiting(world, cap > 150 ? 2 : 0).value();
    if (i < 100) continue;
    least = std::min(least, cap);
    most = std::max(most, cap);
  }
  CHECK(least >= 0.7 * 150);
  CHECK(most <= 150 + 20);
}

TEST_CASE("aimd: the alert lasts as long as the condition") {
  auto policy = back_pressure();
  policy.alert = AlertSpec{};
  World world({policy});
  waiting(world, 0.1);
  CHECK(world.last.alerts.empty());
  waiting(world, 2);
  CHECK(world.last.alerts.size() == 1);
  waiting(world, 0.1);
  CHECK(world.last.alerts.empty());
}
