// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/reading.hpp"

#include <catch2/catch.hpp>
#include <limits>

#include "tests/policies/engine/world.hpp"

using namespace homeostat;
using namespace homeostat::testing;

namespace {

SignalReading read(const World& world, const char* signal,
                   Aggregate aggregate = Aggregate::automatic, Subject subject = {}) {
  return read_signal(world.set, world.snapshot, signal, subject, aggregate, world.now);
}

}  // namespace

TEST_CASE("reading: a signal that nobody samples is absent") {
  World world({});
  CHECK(read(world, kRatio).reason == AbsentReason::never_sampled);
  CHECK(read(world, kRatio, Aggregate::automatic, node("a")).quality == Quality::absent);
}

TEST_CASE("reading: a sample is stale past stale_after and not before (S5)") {
  World world({});
  storm(world);
  world.now += seconds(10);
  CHECK(value_of(read(world, kRatio)) == 0.8);
  world.now += Duration{1};
  CHECK(read(world, kRatio).reason == AbsentReason::stale);
  CHECK_FALSE(value_of(read(world, kRatio)));
}

TEST_CASE("reading: NaN, infinity and a division by zero are absent, 0/0 is empty (H2)") {
  World world({});
  const auto put_raw = [&](double numerator, double denominator) {
    put(world.snapshot,
        {kRatio, {}, Quality::whole, AbsentReason::none, numerator, denominator, world.now});
  };
  put_raw(std::nan(""), 1);
  CHECK(read(world, kRatio).reason == AbsentReason::not_a_number);
  put_raw(1, std::numeric_limits<double>::infinity());
  CHECK(read(world, kRatio).reason == AbsentReason::not_a_number);
  put_raw(1, 0);
  CHECK(read(world, kRatio).reason == AbsentReason::not_a_number);
  idle(world);
  CHECK(read(world, kRatio).quality == Quality::empty);
}

TEST_CASE("reading: an absent sample keeps its reason, however old") {
  World world({});
  world.put_absent(kRatio);
  world.now += seconds(100);
  CHECK(read(world, kRatio).reason == AbsentReason::timeout);
}

TEST_CASE("reading: the cluster's ratio pools its nodes, its gauge takes the worst") {
  World world({});
  world.put_ratio(9, 10, node("a"));
  world.put_ratio(1, 90, node("b"));
  world.put_ratio(0, 0, node("c"));
  CHECK(value_of(read(world, kRatio)) == 0.1);
  CHECK(value_of(read(world, kRatio, Aggregate::max)) == 0.9);
  world.put_gauge(2, node("a"));
  world.put_gauge(5, node("b"));
  CHECK(value_of(read(world, kGauge)) == 5);
  CHECK(value_of(read(world, kGauge, Aggregate::min)) == 2);
  CHECK(value_of(read(world, kGauge, Aggregate::sum)) == 7);
  CHECK(value_of(read(world, kGauge, Aggregate::automatic, node("a"))) == 2);
}

TEST_CASE("reading: what is said of a zone is its node's, and counts once in the cluster") {
  World world({});
  const Subject east{SubjectKind::zone, "east"};
  world.put_gauge(7, east);
  CHECK(value_of(read(world, kGauge, Aggregate::sum)) == 7);
  world.put_gauge(7, node("a"));
  world.put_gauge(5, node("b"));
  CHECK(value_of(read(world, kGauge, Aggregate::sum)) == 12);
  CHECK(value_of(read(world, kGauge, Aggregate::sum, east)) == 7);
  world.put_absent(kGauge, node("a"));  // half of the nodes, a third of all
  CHECK(read(world, kGauge, Aggregate::sum).reason == AbsentReason::partial);
}

TEST_CASE("reading: what is measured of a node's zones does not count beside the node") {
  World world({});
  world.put_ratio(9, 10, node("a"));
  world.put_ratio(1, 90, node("b"));
  world.put_ratio(9, 9, {SubjectKind::zone, "a.1"});
  for (const auto* zone : {"a.2", "b.1", "b.2"})
    world.put_absent(kRatio, {SubjectKind::zone, zone});
  CHECK(value_of(read(world, kRatio)) == 0.1);
  CHECK(value_of(read(world, kRatio, Aggregate::max)) == 0.9);
  CHECK(value_of(read(world, kRatio, Aggregate::automatic, {SubjectKind::zone, "a.1"})) == 1);
  // Without nodes the zones are the members.
  world.put_gauge(2, {SubjectKind::zone, "a.1"});
  world.put_gauge(5, {SubjectKind::zone, "a.2"});
  CHECK(value_of(read(world, kGauge)) == 5);
}

TEST_CASE("reading: an aggregate that is written stays, automatic is the worst for the question") {
  const auto [written, shape, bad, resolved] =
      GENERATE(table<Aggregate, SignalShape, Comparison, Aggregate>({
          {Aggregate::automatic, SignalShape::gauge, Comparison::above, Aggregate::max},
          {Aggregate::automatic, SignalShape::gauge, Comparison::below, Aggregate::min},
          {Aggregate::automatic, SignalShape::ratio, Comparison::below, Aggregate::sum},
          {Aggregate::max, SignalShape::gauge, Comparison::below, Aggregate::max},
          {Aggregate::sum, SignalShape::gauge, Comparison::below, Aggregate::sum},
      }));
  CHECK(aggregate_for(written, shape, bad) == resolved);
}

TEST_CASE("reading: the cluster's own sample wins over its nodes'") {
  World world({});
  world.put_gauge(2, node("a"));
  world.put_gauge(1);
  CHECK(value_of(read(world, kGauge)) == 1);
}

TEST_CASE("reading: the cluster is partial from half of its nodes absent on (H6)") {
  World world({});
  world.put_gauge(1, node("a"));
  world.put_gauge(2, node("b"));
  world.put_absent(kGauge, node("c"));
  CHECK(value_of(read(world, kGauge)) == 2);
  world.put_absent(kGauge, node("b"));
  CHECK(read(world, kGauge).reason == AbsentReason::partial);
  world.put_absent(kGauge, node("a"));
  CHECK(read(world, kGauge).reason == AbsentReason::partial);
}

TEST_CASE("reading: an only node's absence is the cluster's, with its reason") {
  World world({});
  world.put_absent(kGauge, node("a"));
  CHECK(read(world, kGauge).reason == AbsentReason::timeout);
}

TEST_CASE(
    "reading: the cluster is empty when all that is known is, and as old as its oldest part") {
  World world({});
  world.put_ratio(0, 0, node("a"));
  world.now += seconds(3);
  world.put_ratio(0, 0, node("b"));
  CHECK(read(world, kRatio).quality == Quality::empty);
  CHECK(read(world, kRatio).taken == origin());
}

TEST_CASE("reading: exactly half of the nodes absent is partial already (H6)") {
  World world({});
  for (const char* name : {"a", "b", "c", "d"}) world.put_gauge(1, node(name));
  world.put_absent(kGauge, node("a"));
  CHECK(value_of(read(world, kGauge)) == 1);
  world.put_absent(kGauge, node("b"));
  CHECK(read(world, kGauge).reason == AbsentReason::partial);
}
