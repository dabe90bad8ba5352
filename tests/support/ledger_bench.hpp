// SPDX-License-Identifier: Apache-2.0
// A server with the homeostat schema, and supervisors' ends of it. Link controller_loop, actuators.
#pragma once

#include <boost/asio/io_context.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "actuators/feature.hpp"
#include "controller/loop/migrations.hpp"
#include "controller/loop/pg_ledger.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/grants.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {

// Only ever waited out by a failing test.
constexpr Duration kPatient = std::chrono::seconds{60};

inline Result<MigrationReport> migrate_as(const PostgresCluster& cluster, const std::string& role) {
  boost::asio::io_context io;
  pg::Session session{io.get_executor(), cluster.address(role), pg::SessionSettings{}};
  const auto connected = run_coroutine(io, session.connect(kPatient));
  if (!connected.has_value()) return connected.error();
  return run_coroutine(io, migrate(session, kPatient));
}

/// The roles and the schema in database `postgres`.
class LedgerCluster : public PostgresCluster {
 public:
  explicit LedgerCluster(Settings settings = {}) : PostgresCluster{std::move(settings)} {
    sql(grants());
    sql(migration_script());
  }

  /// As if the leader had not renewed for an hour.
  void let_lease_run_out() const {
    sql("UPDATE homeostat.lease SET renewed_at = renewed_at - interval '1 hour'");
  }
};

/// One instance: a session of the actuator role, its ledger and its lever. Time stands still.
struct Instance {
  explicit Instance(const PostgresCluster& cluster, std::string name = "one",
                    const std::string& role = "homeostat_actuator")
      : session{io.get_executor(), cluster.address(role), pg::SessionSettings{}},
        ledger{session, clock, options(std::move(name))},
        feature{session, clock, kPatient} {}

  static PgLedgerOptions options(std::string name) {
    PgLedgerOptions made;
    made.holder = std::move(name);
    made.features = {{"recommendations", "non_critical"}, {"monthly_report", "batch"}};
    return made;
  }

  Result<Lease> hold(Duration deadline = kPatient) {
    return run_coroutine(io, ledger.hold_lease(deadline));
  }
  /// Holds the lease or throws.
  Lease lead() {
    auto lease = hold();
    if (!lease.has_value()) throw std::runtime_error(lease.error().context);
    if (!lease->ours) throw std::runtime_error("led by " + lease->holder);
    if (!lease->note.empty()) throw std::runtime_error(lease->note);
    epoch = lease->epoch;
    return std::move(*lease);
  }
  Result<LedgerImage> load() {
    return run_coroutine(io, ledger.load(clock.now(), std::chrono::hours{6}, kPatient));
  }
  Result<void> keep(std::vector<PolicyMemory> memories, std::optional<TimePoint> braked = {},
                    std::vector<MovedBytes> moved = {}) {
    return run_coroutine(io, ledger.keep(Kept{std::move(memories), braked, std::move(moved)}, epoch,
                                         clock.now(), kPatient));
  }

  /// The next change under our epoch.
  Change change(ChangeKind kind, std::string target, double admit = 1) {
    Change made;
    made.kind = kind;
    made.token = {epoch, ++sequence};
    made.desired.key = {"feature", std::move(target)};
    made.desired.value.arguments["admit"] = admit;
    made.desired.ttl = std::chrono::minutes{2};
    made.desired.policy = "circuit-breaker";
    made.desired.rung = 1;
    made.desired.policy_hash = "cafe";
    made.desired.reason = "a test";
    return made;
  }
  Result<ChangeResult> apply(Change change) {
    return run_coroutine(io, feature.apply(std::move(change)));
  }
  /// `applied`, `yielded` … or `error: …`.
  std::string outcome(Change change) {
    const auto result = apply(std::move(change));
    if (!result.has_value()) return "error: " + result.error().context;
    return std::string{to_text(result->outcome)};
  }
  std::string set(const std::string& target, double admit) {
    return outcome(change(ChangeKind::apply, target, admit));
  }
  std::string renew(const std::string& target) {
    return outcome(change(ChangeKind::renew, target));
  }
  std::string revert(const std::string& target) {
    return outcome(change(ChangeKind::revert, target));
  }

  boost::asio::io_context io;
  fakes::FakeClock clock;
  pg::Session session;
  PgLedger ledger;
  FeatureLever feature;
  std::int64_t epoch = 0;
  std::int64_t sequence = 0;
};

}  // namespace homeostat::testing
