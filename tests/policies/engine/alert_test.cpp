// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/alert.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

Policy alerting() {
  Policy policy;
  policy.name = "lock-contention";
  policy.kind = PolicyKind::alert;
  policy.mode = Mode::shadow;
  policy.open.arms = {cusum_arm(0.15, 1, 0.10)};
  policy.alert = AlertSpec{"warning", {}, {}, {}};
  return policy;
}

}  // namespace

TEST_CASE("alert: fires with its condition and resolves when all was clear for long enough") {
  World world({alerting()});
  world.run(41, storm);
  CHECK(world.first(Step::fired) == 35.0);
  CHECK(latest(world).step == Step::holding);
  CHECK(latest(world).rungs == 0);
  REQUIRE(world.last.alerts.size() == 1);
  const auto alert = world.last.alerts[0];
  CHECK(alert.since == origin() + seconds(35));
  CHECK(alert.mode == Mode::shadow);
  const auto over = world.now;
  world.run(50, calm);
  CHECK(world.last.alerts == std::vector<ActiveAlert>{alert});
  world.run(15, calm);
  CHECK(world.last.alerts.empty());
  REQUIRE(world.first(Step::resolved));
  CHECK(*world.first(Step::resolved) - to_seconds(over - origin()) <= 60);
  CHECK(latest(world).step != Step::fired);
}

TEST_CASE("alert: stays while its signal is absent, and tells without any guard") {
  World world({alerting()});
  world.snapshot.bar = ForwardBar::paused;
  world.run(36, storm);
  REQUIRE(world.last.alerts.size() == 1);
  world.run(300, [](World& w) { w.put_absent(kRatio); });
  CHECK(world.last.alerts.size() == 1);
  CHECK(latest(world).step == Step::unknown);
}

TEST_CASE("alert: an absent arm that never tripped does not keep it firing") {
  auto policy = alerting();
  policy.open.arms.push_back(level_arm(0.4, 0.2));
  World world({policy});
  const auto blind_arm = [](World& w) { w.put_absent(kGauge); };
  world.run(36, [&](World& w) {
    storm(w);
    blind_arm(w);
  });
  REQUIRE(world.last.alerts.size() == 1);
  world.run(70, [&](World& w) {
    calm(w);
    blind_arm(w);
  });
  CHECK(world.count(Step::resolved) == 1);
  CHECK(world.last.alerts.empty());
}

TEST_CASE("alert: fires anew only on evidence of its own") {
  World world({alerting()});
  world.run(90, storm);
  world.run(70, [](World& w) { w.put_ratio(3.2, 32); });  // r 0.098: clear, decays slowly
  REQUIRE(world.count(Step::resolved) == 1);
  world.run(15, storm);
  CHECK(world.count(Step::fired) == 1);
}

TEST_CASE("alert: without a clear level it resolves when not breached") {
  auto policy = alerting();
  policy.open.arms = {level_arm(0.4, 0.2)};
  policy.open.arms[0].clear_level.reset();
  policy.every = seconds(1);
  World world({policy});
  world.run(2, [](World& w) { w.put_gauge(0.5); });
  CHECK(world.count(Step::fired) == 1);
  world.run(62, [](World& w) { w.put_gauge(0.35); });
  CHECK(world.count(Step::resolved) == 1);
}

TEST_CASE("alert: the cluster's `below` fires when one of two nodes is down") {
  // {kind: alert, open: {signal: probe_up, below: 0.5}}, as the loader fills it in
  auto policy = alerting();
  const bool smooth = GENERATE(false, true);
  Arm arm;
  arm.signal = "probe_up";
  arm.test = LevelTest{Comparison::below, 0.5, {}, 2};
  if (smooth) arm.smooth = seconds(5);
  policy.open.arms = {arm};
  policy.every = seconds(1);
  World world({policy});
  const auto up = [](World& w, double a, double b) {
    put(w.snapshot, gauge("probe_up", node("a"), a, w.now));
    put(w.snapshot, gauge("probe_up", node("b"), b, w.now));
  };
  world.run(5, [&](World& w) { up(w, 1, 1); });
  CHECK(world.last.alerts.empty());
  world.run(10, [&](World& w) { up(w, 1, 0); });
  CHECK(world.count(Step::fired) == 1);
  CHECK(latest(world).evidence[0].numerator == 0);
  world.run(80, [&](World& w) { up(w, 1, 1); });
  CHECK(world.count(Step::resolved) == 1);
}

TEST_CASE("alert: a breaker's lasts while it is not closed, with its rung") {
  auto policy = circuit_breaker();
  policy.alert = AlertSpec{"page", {}, {}, {}};
  World world({policy});
  world.run(35, storm);
  CHECK(world.last.alerts.empty());
  world.run(40, storm);
  REQUIRE(world.last.alerts.size() == 1);
  CHECK(world.last.alerts[0].rung == 2);
  CHECK(world.last.alerts[0].since == origin() + seconds(35));
  while (world.memory("circuit-breaker").state != BreakerState::closed) {
    CHECK(world.last.alerts.size() == 1);
    world.run(1, calm);
  }
  CHECK(world.last.alerts.empty());
}

TEST_CASE("alert: a breaker's tells while a gate holds it back") {
  auto policy = circuit_breaker();
  policy.alert = AlertSpec{};
  World world({policy});
  world.snapshot.bar = ForwardBar::journal_unusable;
  world.run(60, storm);
  REQUIRE(world.last.alerts.size() == 1);
  CHECK(world.last.alerts[0].since == origin() + seconds(35));
  CHECK(world.last.alerts[0].rung == 0);
  world.run(15, calm);
  CHECK(world.last.alerts.empty());
}

TEST_CASE("alert: a held-back breaker's goes on only while the arm that tripped may be bad still") {
  auto policy = circuit_breaker();
  policy.alert = AlertSpec{};
  policy.open.arms.push_back(level_arm(0.4, 0.2));
  World world({policy});
  world.snapshot.bar = ForwardBar::paused;
  const auto blind_arm = [](World& w) { w.put_absent(kGauge); };
  world.run(41, [&](World& w) {
    storm(w);
    blind_arm(w);
  });
  REQUIRE(world.last.alerts.size() == 1);
  auto unseen = world;
  unseen.run(60, [&](World& w) {
    w.put_absent(kRatio);
    blind_arm(w);
  });
  CHECK(unseen.last.alerts.size() == 1);
  world.run(60, [&](World& w) {
    calm(w);
    blind_arm(w);
  });
  CHECK(world.last.alerts.empty());
}

TEST_CASE("alert: a policy without `alert:` tells nothing") {
  World world({circuit_breaker()});
  world.run(60, storm);
  CHECK(world.last.alerts.empty());
}
