// SPDX-License-Identifier: Apache-2.0
// The plant batch_consumer and what it is made of.
#include "controller/simulator/batch_consumer.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

const Incident kSpell{TimePoint{}, TimePoint{} + 24h, 10, "cost", false};

BatchConsumer consumer(double events_per_second) {
  BatchConsumerParameters parameters;
  parameters.phases = {{1h, events_per_second}};
  return {parameters, Random(1, 1)};
}

LeversInForce window(double seconds, std::optional<double> drain_limit = 10'000) {
  LeversInForce levers;
  auto& arguments = levers[{"batch_window", "group/play-counts"}].arguments;
  arguments["window"] = seconds;
  if (drain_limit) arguments["drain_limit"] = *drain_limit;
  return levers;
}

double quantity(const Plant& plant, const std::string& name) {
  for (const auto& [found, value] : plant.quantities()) {
    if (found == name) return value;
  }
  FAIL("no quantity " << name);
  return 0;
}

/// Means over a minute, after ten seconds.
struct Means {
  double latency = 0;
  double p99 = 0;
  double commits = 0;
  double utilisation = 0;
};

Means means_of(BatchConsumer& plant, const LeversInForce& levers) {
  constexpr int kSeconds = 60;
  Means sum;
  for (int second = 0; second < 10 + kSeconds; ++second) {
    REQUIRE(plant.advance(1s, {}, levers).has_value());
    if (second < 10) continue;
    sum.latency += quantity(plant, "latency_mean_seconds") / kSeconds;
    sum.p99 += quantity(plant, "latency_p99_seconds") / kSeconds;
    sum.commits += quantity(plant, "commits_per_second") / kSeconds;
    sum.utilisation += quantity(plant, "utilisation") / kSeconds;
  }
  return sum;
}

}  // namespace

TEST_CASE("backlog: the oldest are taken first, and a part of a stretch leaves the rest") {
  Backlog backlog;
  backlog.add({0, 1, 10});
  backlog.add({1, 2, 4});
  std::vector<Stretch> taken;
  CHECK(backlog.take(12, taken) == 12);
  REQUIRE(taken.size() == 2);
  CHECK(taken[0].count == 10);
  CHECK(taken[1].from == 1);
  CHECK(taken[1].to == Approx(1.5));
  CHECK(backlog.events() == 2);
  CHECK(backlog.oldest() == Approx(1.5 + 0.5 / 3));
  CHECK(backlog.take(10, taken) == 2);
  CHECK(backlog.empty());
}

TEST_CASE("backlog: far behind, neighbouring stretches become one and no event is lost") {
  Backlog backlog;
  for (int number = 0; number < 10'000; ++number) {
    backlog.add({number * 0.002, (number + 1) * 0.002, 2});
  }
  CHECK(backlog.events() == 20'000);
  std::vector<Stretch> taken;
  CHECK(backlog.take(1e6, taken) == 20'000);
  CHECK(taken.size() < 3000);
  CHECK(taken.back().to == Approx(20));
}

TEST_CASE("latencies: of events spread evenly over time") {
  Latencies latencies;
  CHECK(latencies.quantile(0.99) == 0);
  CHECK(latencies.within(1) == 1);
  latencies.add({0, 1, 100}, 1.5);  // 0.5 to 1.5 s
  CHECK(latencies.mean() == Approx(1));
  CHECK(latencies.quantile(0.99) == Approx(1.49));
  CHECK(latencies.within(0.6) == Approx(0.1));
  latencies.add({2, 2, 300}, 2.25);  // all of them 0.25 s
  CHECK(latencies.quantile(0.5) == Approx(0.25));
  CHECK(latencies.within(0.3) == Approx(0.75));
}

TEST_CASE("batch consumer: a fixed window of 100 ms costs latency, and few commits") {
  auto slow = consumer(1000);
  const auto at_thousand = means_of(slow, window(0.1));
  CHECK(at_thousand.latency == Approx(0.053).margin(0.002));
  CHECK(at_thousand.p99 == Approx(0.103).margin(0.003));
  CHECK(at_thousand.commits == Approx(10).margin(0.5));
  CHECK(at_thousand.utilisation == Approx(0.026).margin(0.002));
  auto fast = consumer(100'000);
  const auto at_most = means_of(fast, window(0.1, 20'000));
  CHECK(at_most.latency == Approx(0.112).margin(0.004));
  CHECK(at_most.p99 == Approx(0.161).margin(0.004));
  CHECK(at_most.utilisation == Approx(0.62).margin(0.02));
}

TEST_CASE("batch consumer: one window a batch stops near a thousand events a second") {
  auto plant = consumer(10'000);
  for (int second = 0; second < 20; ++second) {
    REQUIRE(plant.advance(1s, {}, window(0.0001, std::nullopt)).has_value());
  }
  const double done = 10'000 - plant.samples()[1].numerator / 20;
  CHECK(done == Approx(1000).margin(150));
  CHECK(quantity(plant, "utilisation") == Approx(1));
  CHECK(plant.truth().controlled > 10);
  CHECK(plant.truth().critical == 0);
}

TEST_CASE("batch consumer: a drain limit catches up with what a stall has left") {
  auto plant = consumer(50'000);
  REQUIRE(plant.advance(1s, {}, window(0.004)).has_value());
  for (int second = 0; second < 4; ++second) {
    REQUIRE(plant.advance(1s, {kSpell}, window(0.004)).has_value());
    CHECK(plant.truth().controlled < 0.2);
  }
  auto without = consumer(50'000);
  for (int second = 0; second < 4; ++second) {
    REQUIRE(without.advance(1s, {kSpell}, {}).has_value());  // 500 at a time
  }
  CHECK(without.samples()[1].numerator > 50'000);
}

TEST_CASE("batch consumer: what probes see is the rate, the lag, and what its own cost asks for") {
  auto plant = consumer(50'000);
  for (int second = 0; second < 10; ++second) {
    REQUIRE(plant.advance(1s, {}, window(0.004)).has_value());
  }
  CHECK(plant.samples()[0].signal == "kafka_arrival_events_per_second");
  CHECK(plant.samples()[0].numerator == Approx(50'000).epsilon(0.02));
  CHECK(plant.samples()[1].signal == "kafka_consumer_lag_events");
  CHECK(plant.samples()[1].numerator < 2000);
  CHECK(plant.samples()[2].signal == "kafka_consumer_lag_seconds");
  CHECK(plant.samples()[2].numerator < 0.1);
  CHECK(plant.samples()[3].signal == "kafka_efficient_batch_events");
  CHECK(plant.samples()[3].numerator == Approx(200).epsilon(0.05));  // 100 / (0.8 - 0.3)
  for (int second = 0; second < 10; ++second) {
    REQUIRE(plant.advance(1s, {kSpell}, window(0.004)).has_value());
  }
  CHECK(plant.samples()[3].numerator == Approx(2000).epsilon(0.05));
}

TEST_CASE("batch consumer: what is in a batch that is not committed yet is lag") {
  BatchConsumerParameters parameters;
  parameters.phases = {{1h, 100}};
  parameters.batch_seconds = 5;
  BatchConsumer plant(parameters, Random(1, 1));
  REQUIRE(plant.advance(1s, {}, {}).has_value());
  CHECK(plant.samples()[1].numerator == plant.samples()[0].numerator);
}

TEST_CASE("batch consumer: lag in seconds is the age of the oldest event that is not committed") {
  auto behind = consumer(50'000);
  const Incident dear{TimePoint{}, TimePoint{} + 24h, 1000, "cost", false};  // 2 s and 3 ms for 500
  double last = 0;
  for (int second = 0; second < 20; ++second) {
    REQUIRE(behind.advance(1s, {dear}, {}).has_value());
    CHECK(behind.samples()[2].numerator > last);
    last = behind.samples()[2].numerator;
  }
  CHECK(last == Approx(20).margin(2.5));
}

TEST_CASE("batch consumer: what is not admitted is not produced") {
  BatchConsumerParameters parameters;
  parameters.phases = {{1h, 10'000}};
  parameters.non_critical_share = 0.3;
  BatchConsumer plant(parameters, Random(1, 1));
  LeversInForce shed;
  shed[{"feature", "class/non_critical"}].arguments["admit"] = 0.0;
  REQUIRE(plant.advance(1s, {}, {}).has_value());
  CHECK(plant.samples()[0].numerator == Approx(10'000).epsilon(0.05));
  REQUIRE(plant.advance(1s, {}, shed).has_value());
  CHECK(plant.samples()[0].numerator == Approx(7'000).epsilon(0.05));
}

TEST_CASE("batch consumer: phases follow each other, the first after the last") {
  BatchConsumerParameters parameters;
  parameters.phases = {{2s, 100}, {1s, 10'000}};
  BatchConsumer plant(parameters, Random(1, 1));
  std::string changes;
  for (int second = 0; second < 6; ++second) {
    REQUIRE(plant.advance(1s, {}, {}).has_value());
    changes += plant.load_changed() ? "!" : ".";
    changes += plant.samples()[0].numerator > 1000 ? "h" : "l";
  }
  CHECK(changes == "!l.l!h!l.l!h");
}
