// SPDX-License-Identifier: Apache-2.0
// homeostat.counter_slots() beside the lever `admission`, on a real PostgreSQL.
#include <catch2/catch.hpp>
#include <memory>

#include "actuators/admission.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgClient;

/// A leader with the lever, whose inventory has counters.
struct CounterBench {
  CounterBench() {
    cluster.sql("CREATE ROLE app LOGIN");
    app = std::make_unique<PgClient>(cluster.address("app"));
    instance.lead();
    tell({{"main", "n", {}, {{"plays", 64}, {"likes", 8, 2, 400}}},
          {"side", "n", {}, {{"ads", 4}}}});
  }
  /// As a leader with this inventory.
  void tell(std::vector<ZoneConfig> zones) {
    PgLedgerOptions options;
    options.zones = std::move(zones);
    PgLedger ledger{instance.session, instance.clock, options};
    const auto lease = testing::run_coroutine(instance.io, ledger.hold_lease(testing::kPatient));
    if (!lease.has_value()) throw std::runtime_error(lease.error().context);
    if (!lease->note.empty()) throw std::runtime_error(lease->note);
  }
  std::string change(ChangeKind kind, double slots = 400) {
    auto made = instance.change(kind, "zone/main");
    made.desired.key.lever = "admission";
    made.desired.value.arguments = {{"concurrency", slots}, {"queue_limit", 0.5}};
    const auto result = testing::run_coroutine(instance.io, lever.apply(std::move(made)));
    if (!result.has_value()) return result.error().context;
    return std::string{to_text(result->outcome)};
  }
  void limit(double slots) {
    if (change(ChangeKind::apply, slots) != "applied") throw std::runtime_error("not limited");
  }
  /// Of plays, likes, ads and one that nobody registered, as the application is told.
  std::string slots() {
    return app->run(
        "SELECT concat_ws(' ', homeostat.counter_slots('plays'), homeostat.counter_slots('likes'), "
        "homeostat.counter_slots('ads'), homeostat.counter_slots('else'))");
  }

  LedgerCluster cluster;
  Instance instance{cluster};
  AdmissionLever lever{instance.session, instance.clock, testing::kPatient};
  std::unique_ptr<PgClient> app;
};

TEST_CASE_METHOD(CounterBench,
                 "a counter has its slots while its zone is limited, and not a moment longer") {
  CHECK(slots() == "1 2 1 1");
  limit(40);
  CHECK(slots() == "64 8 1 1");
  SECTION("given back") { CHECK(change(ChangeKind::revert) == "applied"); }
  SECTION("run out, with nobody to give it back (H30)") {
    cluster.sql("UPDATE homeostat.zone_limit SET expires_at = clock_timestamp()");
  }
  SECTION("lifted by somebody else (S6)") { cluster.sql("DELETE FROM homeostat.zone_limit"); }
  SECTION("written in another database") {
    cluster.sql("UPDATE homeostat.zone_limit SET identity = '42/elsewhere'");
  }
  CHECK(slots() == "1 2 1 1");
}

TEST_CASE_METHOD(CounterBench, "a limit that somebody has set by hand counts as well") {
  cluster.sql(
      "INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit) VALUES "
      "('side', homeostat.zone_class('side'), 3, 0.1)");
  CHECK(slots() == "1 2 4 1");
}

TEST_CASE_METHOD(CounterBench,
                 "a counter with `below` is wide from a cut on, for `hold`, and never without a "
                 "limit") {
  limit(400);
  CHECK(slots() == "64 2 1 1");
  limit(399.9);
  CHECK(slots() == "64 8 1 1");
  limit(400);
  CHECK(slots() == "64 8 1 1");
  // What the same leader says again changes nothing.
  CHECK(change(ChangeKind::renew) == "applied");
  tell({{"main", "n", {}, {{"plays", 64}, {"likes", 8, 2, 400}}}});
  CHECK(slots() == "64 8 1 1");
  SECTION("when the time is over") {
    cluster.sql("UPDATE homeostat.counter SET tight_at = tight_at - interval '10 minutes'");
    CHECK(slots() == "64 2 1 1");
  }
  SECTION("when the limit goes") {
    CHECK(change(ChangeKind::revert) == "applied");
    CHECK(slots() == "1 2 1 1");
  }
  SECTION("another database's cuts are none of ours") {
    cluster.sql("UPDATE homeostat.counter SET tight_at = NULL");
    cluster.sql(
        "INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit, identity) VALUES "
        "('main', homeostat.zone_class('main'), 3, 0.1, '42/elsewhere')");
    CHECK(slots() == "64 2 1 1");
  }
}

TEST_CASE_METHOD(CounterBench, "the schema's counters are what the configuration says") {
  limit(40);
  tell({{"main", "n", {}, {{"plays", 32, 3}}}, {"side", "n", {}, {{"likes", 8, 2}}}});
  CHECK(slots() == "32 2 1 1");
  tell({});
  CHECK(slots() == "1 1 1 1");
  CHECK(cluster.sql("SELECT count(*) FROM homeostat.counter") == "0");
}

}  // namespace
}  // namespace homeostat
