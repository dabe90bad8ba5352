// SPDX-License-Identifier: Apache-2.0
// What the ledger remembers of policies, and of what they did, for whoever leads next.
#include <catch2/catch.hpp>

#include "controller/loop/pg_ledger.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::Instance;
using testing::LedgerCluster;

PolicyMemory memory_of(const std::string& policy, TimePoint now) {
  PolicyMemory memory;
  memory.policy = policy;
  memory.subject = {SubjectKind::node, "main"};
  memory.policy_hash = "cafe";
  memory.state = BreakerState::half_open;
  memory.rung = 2;
  memory.restore_step = 1;
  memory.hold = 120s;
  memory.trips = 3;
  memory.changed = now - 5s;
  memory.opened = now - 90s;
  return memory;
}

TEST_CASE("what policies remember comes back as it was, and unnamed policies are forgotten") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  auto never_opened = memory_of("quiet", now);
  never_opened.state = BreakerState::closed;
  never_opened.opened = {};
  auto benched = memory_of("breaker", now);
  benched.benched = {{1, 2, false, true, now - 60s, 1800s}, {2, 0, true, false, now, 4h}};
  REQUIRE(one.keep({benched, never_opened}).has_value());

  auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 2);
  const auto& kept = image->memories[0];
  CHECK(std::chrono::abs(kept.changed - (now - 5s)) < 5s);
  CHECK(std::chrono::abs(kept.opened - (now - 90s)) < 5s);
  auto same = kept;
  same.changed = now - 5s;
  same.opened = now - 90s;
  REQUIRE(same.benched.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(std::chrono::abs(same.benched[i].since - benched.benched[i].since) < 5s);
    same.benched[i].since = benched.benched[i].since;
  }
  CHECK(same == benched);
  CHECK(image->memories[1].benched.empty());
  CHECK(image->memories[1].opened == TimePoint{});

  benched.benched.pop_back();
  benched.benched[0].tries = 3;
  REQUIRE(one.keep({benched, never_opened}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories[0].benched.size() == 1);
  CHECK(image->memories[0].benched[0].tries == 3);

  REQUIRE(one.keep({never_opened}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 1);
  CHECK(image->memories[0].policy == "quiet");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_bench") == "0");
}

TEST_CASE("how far a policy has come in canary, and the storm brake, are kept (S6)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  auto memory = memory_of("breaker", now);
  memory.canary = CanaryMemory{memory.policy_hash, 1, true, now - 60s, 4, 2, 1};
  REQUIRE(one.keep({memory, memory_of("other", now)}, now - 30s).has_value());
  auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 2);
  auto kept = image->memories[0].canary;
  REQUIRE(kept);
  CHECK(std::chrono::abs(kept->since - (now - 60s)) < 5s);
  kept->since = now - 60s;
  CHECK(kept == memory.canary);
  CHECK_FALSE(image->memories[1].canary);
  REQUIRE(image->braked);
  CHECK(std::chrono::abs(*image->braked - (now - 30s)) < 5s);

  memory.canary.reset();
  REQUIRE(one.keep({memory}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  CHECK_FALSE(image->memories[0].canary);
  CHECK_FALSE(image->braked);
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_canary") == "0");
}

TEST_CASE("an operator's acknowledgements come with who said them, the newest of each scope") {
  LedgerCluster cluster;
  cluster.sql("CREATE ROLE alice LOGIN; GRANT homeostat_operator TO alice");
  Instance one{cluster};
  one.lead();
  for (const auto* reason : {"first", "second"}) {
    cluster.sql("SET SESSION AUTHORIZATION alice; SELECT homeostat.acknowledge('cluster', '" +
                std::string(reason) + "')");
  }
  cluster.sql(
      "SET SESSION AUTHORIZATION alice; SELECT homeostat.acknowledge('policy/x', 'looked')");
  const auto orders = testing::run_coroutine(one.io, one.ledger.orders(testing::kPatient));
  REQUIRE(orders.has_value());
  REQUIRE(orders->acks.size() == 2);
  CHECK(orders->acks[0].scope == "cluster");
  CHECK(orders->acks[0].id == 2);
  CHECK(orders->acks[0].age < 60s);
  CHECK(orders->acks[1].scope == "policy/x");
  CHECK(cluster.sql("SELECT DISTINCT owner FROM homeostat.ack") == "alice");
  CHECK_THROWS_WITH(cluster.sql("SELECT homeostat.acknowledge('cluster', ' ')"),
                    Contains("needs a reason"));
  CHECK_THROWS_WITH(cluster.sql("DELETE FROM homeostat.ack"), Contains("append-only"));
}

TEST_CASE("what is remembered of a job comes back, and is forgotten with it") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  auto job = memory_of("shard-balance", now);
  job.job =
      JobMemory{now - 1h, std::nullopt, false, JobStop::time_budget, 12.5e9, now - 30min, "load"};
  REQUIRE(one.keep({job, memory_of("breaker", now)}).has_value());
  auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->memories.size() == 2);
  CHECK_FALSE(image->memories[0].job.has_value());
  auto kept = image->memories[1].job;
  REQUIRE(kept.has_value());
  CHECK(std::chrono::abs(*kept->started - (now - 1h)) < 5s);
  CHECK_FALSE(kept->ended);
  REQUIRE(kept->approvals_from);
  CHECK(std::chrono::abs(*kept->approvals_from - (now - 30min)) < 5s);
  kept->started = job.job->started;
  kept->approvals_from = job.job->approvals_from;
  CHECK(kept == job.job);

  job.job = JobMemory{now - 1h, now - 1min, true, JobStop::none, 30e9};
  REQUIRE(one.keep({job}).has_value());
  image = one.load();
  REQUIRE(image.has_value());
  kept = image->memories.at(0).job;
  REQUIRE(kept.has_value());
  REQUIRE(kept->ended.has_value());
  CHECK(std::chrono::abs(*kept->ended - (now - 1min)) < 5s);
  CHECK(kept->failed);
  CHECK(kept->stop == JobStop::none);
  CHECK(kept->bytes_done == 30e9);
  CHECK(kept->chosen.empty());

  job.job.reset();
  REQUIRE(one.keep({job}).has_value());
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_job") == "0");
}

TEST_CASE("what jobs have moved is known to whoever leads next, and to nobody else (S1)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  const auto now = one.clock.now();
  const Subject zone{SubjectKind::zone, "3"};
  const std::vector<MovedBytes> moved{{"shard-balance", zone, now - 2h, now - 1h, 12.5e9},
                                      {"gone", Subject{}, now - 1h, now, 3}};
  REQUIRE(one.keep({}, {}, moved).has_value());
  const auto epoch = one.epoch;
  cluster.let_lease_run_out();
  Instance two{cluster, "two"};
  two.lead();
  const auto image = two.load();
  REQUIRE(image.has_value());
  REQUIRE(image->moved.size() == 2);
  const auto& part = image->moved[0];
  CHECK(part.policy == "shard-balance");
  CHECK(part.subject == zone);
  CHECK(part.bytes == 12.5e9);
  CHECK(std::chrono::abs((two.clock.now() - part.at) - (one.clock.now() - moved[0].at)) < 5s);
  CHECK(std::chrono::abs((part.at - part.part) - 1h) < 1ms);
  CHECK(image->moved[1].policy == "gone");

  REQUIRE(one.epoch == epoch);
  CHECK_FALSE(one.keep({}, {}, {}).has_value());
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.moved_bytes") == "2");
  REQUIRE(two.keep({}, {}, {}).has_value());
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.moved_bytes") == "0");
}

TEST_CASE("memories of a superseded epoch are turned away (S1)") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  cluster.sql("UPDATE homeostat.lease SET epoch = 9");
  const auto kept = one.keep({memory_of("breaker", one.clock.now())});
  REQUIRE_FALSE(kept.has_value());
  CHECK(kept.error().code == ErrorCode::superseded);
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.policy_state") == "0");
}

TEST_CASE(
    "what budgets and storm brake count: rungs climbed, not restored, nor regulators' values") {
  LedgerCluster cluster;
  Instance one{cluster};
  one.lead();
  REQUIRE(one.set("class/batch", 0) == "applied");
  REQUIRE(one.set("class/batch", 0.25) == "applied");  // towards more
  auto regulated = one.change(ChangeKind::apply, "class/non_critical", 0.5);
  regulated.desired.policy = "a-regulator";
  regulated.desired.rung = 0;
  REQUIRE(one.outcome(regulated) == "applied");
  auto elsewhere = one.change(ChangeKind::apply, "feature/recommendations", 0);
  elsewhere.desired.policy = "other";
  REQUIRE(one.outcome(elsewhere) == "applied");
  REQUIRE(one.renew("feature/recommendations") == "applied");
  const auto image = one.load();
  REQUIRE(image.has_value());
  REQUIRE(image->forward.size() == 2);
  CHECK(image->forward[0].policy == "circuit-breaker");
  CHECK(image->forward[1].policy == "other");
  CHECK(image->forward[1].at <= one.clock.now());
  CHECK(image->forward[1].at > one.clock.now() - 60s);
}

}  // namespace
}  // namespace homeostat
