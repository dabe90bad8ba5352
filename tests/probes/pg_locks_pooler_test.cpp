// SPDX-License-Identifier: Apache-2.0
// The probe through a real PgBouncer in transaction mode: worse than direct, but never wrong.
#include <catch2/catch.hpp>

#include "tests/probes/pg_locks_bench.hpp"
#include "tests/support/pgbouncer_server.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

/// A server whose monitor has the name that PgBouncer lets in.
struct Behind : PostgresCluster {
  Behind() { create_role("homeostat_monitor", "IN ROLE pg_monitor"); }
};

PgLocksOptions through(const PgBouncerServer& bouncer) {
  PgLocksOptions options;
  options.node = "main";
  options.address = bouncer.address("homeostat_monitor");
  return options;
}

TEST_CASE("probes come and go through PgBouncer, and each of them measures") {
  const Behind server;
  const PgBouncerServer bouncer{server, kIgnoresOptions};
  for (int life = 0; life < 3; ++life) {
    Watch watch{through(bouncer)};
    CHECK(value(watch.read(), "pg_open_transactions") == 0);
    CHECK(value(watch.read(), "pg_open_transactions") == 0);
  }
  // All of them in one and the same session of the server, with the statements of those before.
  CHECK(server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'homeostat_monitor'") ==
        "1");
}

TEST_CASE("a PgBouncer that was not told to ignore our options is named") {
  const Behind server;
  const PgBouncerServer bouncer{server};
  Watch watch{through(bouncer)};
  const auto reading = watch.sample();
  REQUIRE_FALSE(reading.has_value());
  CHECK_THAT(reading.error().context, Contains("PgBouncer"));
}

TEST_CASE("while PgBouncer is paused samples are absent, and come again afterwards") {
  const Behind server;
  const PgBouncerServer bouncer{server, kIgnoresOptions};
  Watch watch{through(bouncer)};
  watch.read();
  bouncer.command("PAUSE");
  const auto paused = watch.sample(std::chrono::milliseconds{300});
  REQUIRE_FALSE(paused.has_value());
  CHECK(paused.error().code == ErrorCode::timeout);
  bouncer.command("RESUME");
  CHECK(eventually([&] { return watch.sample().has_value(); }));
}

TEST_CASE("when PgBouncer leads to another server, the identity is the other one's (H53)") {
  const Behind first;
  const Behind second;
  PgBouncerServer bouncer{first, kIgnoresOptions};
  Watch watch{through(bouncer)};
  const auto before = watch.read().identity.server;
  bouncer.point_to(second);
  std::string after;
  const auto moved = [&] {
    const auto reading = watch.sample();
    if (reading.has_value() && find(*reading, "pg_blocked_ratio").quality != Quality::absent) {
      after = reading->identity.server;
    }
    return after != before && !after.empty();
  };
  REQUIRE(eventually(moved));
  CHECK_THAT(after, Contains(second.sql("SELECT system_identifier FROM pg_control_system()")));
}

}  // namespace
}  // namespace homeostat::testing
