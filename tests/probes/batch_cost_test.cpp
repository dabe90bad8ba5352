// SPDX-License-Identifier: Apache-2.0
// What a batch costs and should hold, with made-up consumers.
#include "probes/batch_cost.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <vector>

#include "probes/kafka_batch_note.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// A consumer whose batches take `c0` and `c1` an event.
struct Consumer {
  double c0 = 0.002;
  double c1 = 6e-6;
  BatchSums sums = {};

  void write(double events, double noise = 0) {
    const double seconds = c0 + c1 * events + noise;
    sums.batches += 1;
    sums.events += events;
    sums.busy_seconds += seconds;
    sums.events_squared += events * events;
    sums.events_busy += events * seconds;
  }
  void write_all(const std::vector<double>& sizes) {
    for (const auto events : sizes) write(events);
  }
};

std::vector<double> alternating(double one, double other) {
  std::vector<double> sizes;
  for (int i = 0; i < 20; ++i) sizes.insert(sizes.end(), {one, other});
  return sizes;
}

std::string why_not(const BatchSums& sums) {
  const auto cost = fit(sums);
  return cost.has_value() ? "" : cost.error().context;
}

TEST_CASE("the line through batches without noise is what they cost") {
  Consumer consumer;
  consumer.write_all(alternating(100, 300));
  const auto cost = fit(consumer.sums);
  REQUIRE(cost.has_value());
  CHECK(cost->per_batch == Approx(0.002));
  CHECK(cost->per_event == Approx(6e-6));
}

TEST_CASE("noise and batches of random size leave the cost near to what it is") {
  std::mt19937_64 random{1};
  std::poisson_distribution<int> sizes{250};
  std::exponential_distribution<double> noise{1 / 0.0002};
  Consumer consumer;
  for (int i = 0; i < 3000; ++i) consumer.write(sizes(random), noise(random));
  const auto cost = fit(consumer.sums);
  REQUIRE(cost.has_value());
  CHECK(cost->per_batch == Approx(0.0022).epsilon(0.1));
  CHECK(cost->per_event == Approx(6e-6).epsilon(0.2));
}

TEST_CASE("the more batches there are, the less they need to differ") {
  std::mt19937_64 random{1};
  std::normal_distribution<double> sizes{1000, 30};
  Consumer consumer;
  for (int i = 0; i < 1000; ++i) consumer.write(sizes(random));
  CHECK_FALSE(fit(consumer.sums).has_value());
  for (int i = 0; i < 9000; ++i) consumer.write(sizes(random));
  const auto cost = fit(consumer.sums);
  REQUIRE(cost.has_value());
  CHECK(cost->per_batch == Approx(0.002).epsilon(0.01));
}

TEST_CASE("sums of several members are those of one who has written all of it") {
  Consumer one;
  Consumer other;
  one.write_all(alternating(100, 120));
  other.write_all(alternating(900, 1000));
  BatchSums both;
  for (const auto* consumer : {&one, &other}) {
    both.batches += consumer->sums.batches;
    both.events += consumer->sums.events;
    both.busy_seconds += consumer->sums.busy_seconds;
    both.events_squared += consumer->sums.events_squared;
    both.events_busy += consumer->sums.events_busy;
  }
  const auto cost = fit(both);
  REQUIRE(cost.has_value());
  CHECK(cost->per_batch == Approx(0.002));
}

TEST_CASE("what cannot be fitted is said, not guessed") {
  Consumer few;
  for (int i = 0; i < 19; ++i) few.write(i);
  CHECK_THAT(why_not(few.sums), Contains("too few"));

  Consumer alike;
  alike.write_all(alternating(1000, 1040));
  CHECK_THAT(why_not(alike.sums), Contains("one size"));

  Consumer idle;
  idle.write_all(alternating(0, 0));
  CHECK_THAT(why_not(idle.sums), Contains("too few"));

  Consumer steep;  // as if a batch itself took less than nothing
  steep.c0 = -0.001;
  steep.write_all(alternating(500, 1000));
  CHECK_THAT(why_not(steep.sums), Contains("nothing for a batch itself"));
  CHECK_FALSE(fit(BatchSums{}).has_value());
}

TEST_CASE("a line that falls asks for larger batches: all of their time is the batches'") {
  Consumer falling;
  falling.c1 = -1e-6;
  falling.write_all(alternating(100, 300));
  const auto cost = fit(falling.sums);
  REQUIRE(cost.has_value());
  CHECK(cost->per_event == 0);
  CHECK(cost->per_batch == Approx(0.0018));  // the mean
}

TEST_CASE("an efficient batch leaves the consumer a fifth of its time") {
  const BatchCost cost{0.002, 6e-6};
  for (const double rate : {2000.0, 10'000.0, 50'000.0, 100'000.0}) {
    CAPTURE(rate);
    const double events = efficient_batch(cost, rate);
    const double batches_a_second = rate / events;
    CHECK(batches_a_second * (cost.per_batch + cost.per_event * events) == Approx(0.8));
  }
  CHECK(efficient_batch(cost, 100'000) == Approx(1000));
}

TEST_CASE("an efficient batch holds one event at least, and no more than is drained at once") {
  const BatchCost cost{0.002, 6e-6};
  CHECK(efficient_batch(cost, 0) == 1);
  CHECK(efficient_batch(cost, 10) == 1);
  CHECK(efficient_batch(cost, 133'000) == kMostEvents);  // feasible in theory only
}

TEST_CASE("a rate that no batch is large enough for gets the largest, and is told") {
  const BatchCost cost{0.002, 6e-6};
  CHECK(keeps_up(cost, 133'000));
  CHECK_FALSE(keeps_up(cost, 0.8 / 6e-6));
  CHECK(efficient_batch(cost, 0.8 / 6e-6) == kMostEvents);
  CHECK(efficient_batch(cost, 1e9) == kMostEvents);
  GroupReports reports;
  reports.sums.batches = 12'345;
  reports.members = 2;
  CHECK(batch_note(reports, cost, 1000.0) ==
        "12345 batches of 2 consumers: 2 ms each and 6 us an event");
  CHECK_THAT(batch_note(reports, cost, 400'000.0), Contains("too few consumers"));
  CHECK_THAT(batch_note(reports, Error{ErrorCode::not_found, "too few batches"}, 1.0),
             Contains("too few batches"));
}

}  // namespace
}  // namespace homeostat::testing
