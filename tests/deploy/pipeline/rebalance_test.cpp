// SPDX-License-Identifier: Apache-2.0
// Several consumers of one group that come and go.
#include <signal.h>

#include <catch2/catch.hpp>

#include "tests/deploy/pipeline/pipeline_site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

const std::vector<std::string> kImpatient{"--window",   "fixed:20ms",
                                          "--property", "session.timeout.ms=1000",
                                          "--property", "heartbeat.interval.ms=200"};

bool has_applied_something(const Program& consumer) {
  return eventually([&] { return consumer.last("messages") > 0; });
}

}  // namespace

TEST_CASE("two consumers share the partitions through leaving, kill -9 and waking up too late") {
  if (skipped_without_kafka()) return;
  PipelineSite site;
  auto producer = site.producer("2000/s for 600s", {"--resend", "0.02"});
  const auto first = site.consumer(kImpatient);
  REQUIRE(has_applied_something(first));
  {
    auto second = site.consumer(kImpatient);
    REQUIRE(has_applied_something(second));
    second.process.signal(SIGTERM);
    CHECK(second.process.wait(kPatience) == 0);
  }
  {
    auto second = site.consumer(kImpatient);
    REQUIRE(has_applied_something(second));
    second.process.signal(SIGKILL);
    second.process.wait(kPatience);
  }
  auto second = site.consumer(kImpatient);
  REQUIRE(has_applied_something(second));
  const auto claims = site.claims();
  second.process.signal(SIGSTOP);
  // The group takes its partitions away and the first consumer claims them.
  REQUIRE(eventually([&] { return site.claims() >= claims + PipelineSite::kPartitions; }));
  second.process.signal(SIGCONT);
  // It comes back as a new member; what it had gathered is not applied by it.
  const auto before = site.claims();
  REQUIRE(eventually([&] { return site.claims() >= before + PipelineSite::kPartitions; }));

  site.require_exactly_once(producer);
}

}  // namespace homeostat::testing
