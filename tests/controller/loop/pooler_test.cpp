// SPDX-License-Identifier: Apache-2.0
// A real PgBouncer where a direct session is needed.
#include <catch2/catch.hpp>

#include "controller/loop/direct_session.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/pgbouncer_server.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::kPatient;
using testing::LedgerCluster;
using testing::PgBouncerServer;

TEST_CASE("nobody leads through a pooler, and the pooler keeps no lock of ours") {
  const LedgerCluster cluster;
  const auto mode = GENERATE(as<std::string>{}, "transaction", "session");
  const PgBouncerServer bouncer{cluster, testing::kIgnoresOptions + ("pool_mode = " + mode + "\n")};
  boost::asio::io_context io;
  fakes::FakeClock clock;
  pg::Session session{io.get_executor(), bouncer.address("homeostat_actuator"),
                      pg::SessionSettings{}};
  PgLedger ledger{session, clock, testing::Instance::options("pooled")};
  const auto lease = testing::run_coroutine(io, ledger.hold_lease(kPatient));
  REQUIRE_FALSE(lease.has_value());
  CHECK(lease.error().code == ErrorCode::refused);
  CHECK_THAT(lease.error().context, Contains("connection pooler"));
  CHECK(cluster.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == "0");
  testing::Instance direct{cluster};
  CHECK(direct.lead().ours);
}

TEST_CASE("migrations do not run through a pooler, which would keep the owner's role") {
  const testing::PostgresCluster cluster;
  cluster.sql(testing::grants());
  const PgBouncerServer bouncer{cluster, testing::kIgnoresOptions};
  boost::asio::io_context io;
  pg::Session session{io.get_executor(), bouncer.address("homeostat_owner"), pg::SessionSettings{}};
  REQUIRE(testing::run_coroutine(io, session.connect(kPatient)).has_value());
  const auto run = testing::run_coroutine(io, migrate(session, kPatient));
  REQUIRE_FALSE(run.has_value());
  CHECK_THAT(run.error().context, Contains("connection pooler"));
  CHECK(cluster.sql("SELECT count(*) FROM pg_class WHERE relnamespace = "
                    "'homeostat'::regnamespace") == "0");
}

}  // namespace
}  // namespace homeostat
