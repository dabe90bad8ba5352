// SPDX-License-Identifier: Apache-2.0
// homeostat.health(): what the database says of itself, beside what the daemon says.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "controller/loop/thresholds.hpp"
#include "policies/engine/decide.hpp"
#include "policies/loader/loader.hpp"
#include "probes/pg_locks.hpp"
#include "tests/sql/crowd.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/test_vocabulary.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::Crowd;
using testing::Instance;
using testing::kPatient;
using testing::PgClient;
using testing::run_coroutine;

PolicySet shipped(const std::string& folder) {
  std::vector<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(HOMEOSTAT_SOURCE_DIR "/policies/" + folder)) {
    if (entry.path().extension() == ".yaml") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  auto load = load_policies(files, test::kafka_vocabulary(), Mode::enforce, EngineSettings{}, 1);
  REQUIRE(load.set.has_value());
  // What is about consumer groups is measured at the brokers: health() knows nothing of it.
  std::erase_if(load.set->policies, [](const Policy& policy) {
    return !policy.subjects.empty() && policy.subjects.front().kind == SubjectKind::group;
  });
  return std::move(*load.set);
}

struct Ratio {
  int blocked;
  int open;
};

struct HealthBench {
  /// As a leader with these policies leaves it.
  void lead_with(const PolicySet& policies) {
    Instance leader{cluster};
    leader.ledger.set_thresholds(thresholds_of(policies));
    leader.lead();
  }
  std::string health(const std::string& what, const std::string& which) {
    return monitor.run("SELECT " + what + " FROM homeostat.health(3, '1 ms') AS h WHERE " + which);
  }
  std::string verdict(const std::string& policy) {
    return health("h.verdict", "h.signal = 'pg_blocked_ratio' AND h.policy = '" + policy + "'");
  }

  testing::LedgerCluster cluster;
  PgClient monitor{cluster.address("homeostat_monitor")};
};

/// The daemon's own way: its probe, then decide(), as if for the first time.
class Daemon {
 public:
  Daemon(const testing::PostgresCluster& cluster, PolicySet policies)
      : probe_{io_.get_executor(), options(cluster)}, policies_{std::move(policies)} {}

  /// Whether the policy is in breach after one sample of the server.
  bool breached(const std::string& policy) {
    now_ += std::chrono::seconds{30};
    const auto reading = run_coroutine(io_, probe_.sample(now_, kPatient));
    REQUIRE(reading.has_value());
    Snapshot snapshot;
    for (const auto& sample : reading->samples) put(snapshot, sample);
    const auto decision = decide(policies_, snapshot, EngineState{}, now_);
    for (const auto& verdict : decision.verdicts) {
      if (verdict.policy == policy) return verdict.state == BreakerState::open;
    }
    FAIL("no verdict of " << policy);
    return false;
  }

 private:
  static PgLocksOptions options(const testing::PostgresCluster& cluster) {
    PgLocksOptions made;
    made.node = "main";
    made.address = cluster.address("homeostat_monitor");
    made.own_roles = {"homeostat_monitor", "homeostat_actuator"};
    return made;
  }

  boost::asio::io_context io_;
  PgLocks probe_;
  PolicySet policies_;
  TimePoint now_{};
};

TEST_CASE_METHOD(HealthBench,
                 "health agrees with decide() on the source's policies, on the same sessions") {
  const auto policies = shipped("source");
  lead_with(policies);
  Daemon daemon{cluster, policies};
  Crowd crowd{cluster};
  // Round 15 % and 20 %, exactly on them, far from them, and nobody at work.
  const std::vector<Ratio> ratios{{0, 0},  {0, 1},  {0, 7},  {1, 1},  {1, 4},  {1, 5},  {1, 6},
                                  {2, 10}, {2, 11}, {2, 9},  {3, 14}, {3, 15}, {3, 16}, {3, 19},
                                  {3, 20}, {3, 21}, {4, 27}, {5, 25}, {5, 24}, {20, 24}};
  int breached = 0;
  for (const auto ratio : ratios) {
    crowd.stand(ratio.blocked, ratio.open);
    for (const std::string policy : {"circuit-breaker", "lock-contention"}) {
      const bool expected = daemon.breached(policy);
      const auto said = verdict(policy);
      INFO(policy << " at " << ratio.blocked << " of " << ratio.open << ": health says " << said);
      CHECK((said == "breached") == expected);
      CHECK((said == "empty") == (ratio.open == 0));
      breached += expected ? 1 : 0;
    }
  }
  // Both answers were given, often.
  CHECK(breached > 10);
  CHECK(breached < 30);
}

TEST_CASE_METHOD(HealthBench, "health says what it saw, over how many samples, and the threshold") {
  lead_with(shipped("source"));
  Crowd crowd{cluster};
  crowd.stand(2, 5);
  const std::string which = "h.policy = 'circuit-breaker'";
  CHECK(health("h.value", which) == "0.4");
  CHECK(health("h.threshold", which) == "0.2");
  CHECK_THAT(health("h.reasons", which),
             Contains("6 of 15 open transactions waited for a lock, in 3 samples") &&
                 Contains("0.4000 is more than 0.2"));
}

TEST_CASE_METHOD(HealthBench, "health weighs few transactions as the live cusum does") {
  lead_with(shipped("recommended"));
  Crowd crowd{cluster};
  crowd.stand(1, 1);  // a ratio of 1, of a single transaction: (1 + 4 * 0.08) / (1 + 4)
  CHECK(health("round(h.value::numeric, 6)", "h.policy = 'circuit-breaker'") == "0.264000");
  CHECK(verdict("circuit-breaker") == "breached");
  crowd.stand(1, 3);
  CHECK(health("round(h.value::numeric, 6)", "h.policy = 'circuit-breaker'") == "0.188571");
  CHECK(verdict("circuit-breaker") == "healthy");
  CHECK(verdict("lock-contention") == "breached");
}

TEST_CASE_METHOD(HealthBench, "health samples anew within one transaction") {
  Crowd crowd{cluster};
  monitor.run("BEGIN");
  CHECK(health("h.verdict", "h.signal = 'pg_blocked_ratio'") == "empty");
  crowd.stand(3, 4);
  CHECK(health("h.verdict", "h.signal = 'pg_blocked_ratio'") == "breached");
  monitor.run("COMMIT");
}

TEST_CASE_METHOD(HealthBench, "without live thresholds health judges by the source's and says so") {
  Crowd crowd{cluster};
  const std::string which = "h.signal = 'pg_blocked_ratio'";
  crowd.stand(1, 5);
  CHECK(health("h.threshold", which) == "0.2");
  CHECK(health("h.verdict", which) == "healthy");
  CHECK(health("h.policy IS NULL", which) == "t");
  CHECK_THAT(health("h.reasons", which), Contains("source document"));
  crowd.stand(1, 4);
  CHECK(health("h.verdict", which) == "breached");
  // Rows that came from another database are none of ours (H52).
  lead_with(shipped("source"));
  cluster.sql("UPDATE homeostat.threshold SET identity = '42/elsewhere', level = 0.9");
  CHECK(health("h.threshold", which) == "0.2");
  CHECK(health("h.policy IS NULL", which) == "t");
}

TEST_CASE_METHOD(HealthBench,
                 "a new leader's thresholds replace the old ones, those of policies off go") {
  auto policies = shipped("source");
  lead_with(policies);
  CHECK(cluster.sql("SELECT string_agg(concat_ws(' ', policy, arm, kind, mode, signal, comparison, "
                    "level, prior_weight), ', ' ORDER BY policy, arm) FROM homeostat.threshold") ==
        "circuit-breaker 1 breaker enforce pg_blocked_ratio above 0.2 0, "
        "lock-contention 1 breaker enforce pg_blocked_ratio above 0.15 0");
  for (auto& policy : policies.policies) {
    if (policy.name == "lock-contention") policy.mode = Mode::off;
    if (policy.name == "circuit-breaker") {
      policy.open.arms[0].test = LevelTest{Comparison::above, 0.7, std::nullopt, 1};
    }
  }
  lead_with(policies);
  CHECK(cluster.sql("SELECT string_agg(policy || ' ' || level, ',') FROM homeostat.threshold") ==
        "circuit-breaker 0.7");
}

TEST_CASE_METHOD(HealthBench, "new policies reach the database with the next renewal (reload)") {
  Instance leader{cluster};
  leader.ledger.set_thresholds(thresholds_of(shipped("source")));
  leader.lead();
  CHECK(verdict("circuit-breaker") == "empty");
  CHECK(health("h.threshold", "h.policy = 'lock-contention'") == "0.15");
  auto policies = shipped("source");
  policies.policies[0].open.arms[0].test = LevelTest{Comparison::above, 0.5, std::nullopt, 1};
  leader.ledger.set_thresholds(thresholds_of(policies));
  leader.lead();
  CHECK(health("h.threshold", "h.policy = 'circuit-breaker'") == "0.5");
}

TEST_CASE_METHOD(HealthBench, "only the leader writes thresholds") {
  PgClient actuator{cluster.address("homeostat_actuator")};
  CHECK_THROWS_WITH(actuator.run("SELECT homeostat.register_thresholds(0, '[]')"),
                    Contains("does not hold the lease"));
  CHECK_THROWS_WITH(actuator.run("DELETE FROM homeostat.threshold"), Contains("permission denied"));
  CHECK_THROWS_WITH(monitor.run("SELECT homeostat.register_thresholds(0, '[]')"),
                    Contains("permission denied"));
}

TEST_CASE_METHOD(HealthBench, "advisory waits are not contention to health either (H63)") {
  PgClient holder{cluster.address()};
  PgClient waiter{cluster.address()};
  holder.run("SELECT pg_advisory_lock(1)");
  waiter.send("SELECT pg_advisory_lock(1)");
  const std::string which = "h.signal = 'pg_blocked_ratio'";
  REQUIRE(testing::eventually([&] {
    return cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'") ==
           "1";
  }));
  CHECK(health("h.verdict", which) == "healthy");
  CHECK(health("h.value", which) == "0");
}

TEST_CASE_METHOD(HealthBench, "what health may not see is unknown, and the GRANT is named (H66)") {
  cluster.sql("REVOKE pg_read_all_stats FROM homeostat_owner");
  Crowd crowd{cluster};
  crowd.stand(3, 4);
  CHECK(health("h.verdict", "h.signal = 'pg_blocked_ratio'") == "unknown");
  CHECK_THAT(health("h.reasons", "h.signal = 'pg_blocked_ratio'"),
             Contains("GRANT pg_read_all_stats TO homeostat_owner"));
}

TEST_CASE_METHOD(HealthBench, "health refuses to sit and wait, and strangers") {
  CHECK_THROWS_WITH(monitor.run("SELECT homeostat.health(11)"), Contains("1 to 10 samples"));
  CHECK_THROWS_WITH(monitor.run("SELECT homeostat.health(3, '2 seconds')"),
                    Contains("at most a second apart"));
  cluster.create_role("stranger");
  PgClient stranger{cluster.address("stranger")};
  CHECK_THROWS_WITH(stranger.run("SELECT homeostat.health()"), Contains("permission denied"));
}

}  // namespace
}  // namespace homeostat
