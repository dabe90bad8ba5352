// SPDX-License-Identifier: Apache-2.0
// The pools of real PgBouncer processes, as their administration consoles show them.
#include "actuators/pool_size.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/pgbouncer_server.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using testing::PgBouncerServer;
using testing::PostgresCluster;

constexpr Duration kLong = std::chrono::seconds{60};  // only ever waited out by a failing test
constexpr const char* kTwenty = "default_pool_size = 20\n";

PoolerProcess process_of(const PgBouncerServer& bouncer) {
  return {"main", bouncer.address("postgres", "pgbouncer")};
}

std::int64_t size_of(const PgBouncerServer& bouncer) {
  boost::asio::io_context io;
  pg::SessionSettings settings;
  settings.console = true;
  pg::Session session{io.get_executor(), bouncer.address("postgres", "pgbouncer"), settings};
  REQUIRE(testing::run_coroutine(io, session.connect(kLong)).has_value());
  const auto shown = testing::run_coroutine(io, session.script("SHOW CONFIG", kLong));
  REQUIRE(shown.has_value());
  for (int row = 0; row < shown->rows(); ++row) {
    if (shown->text(row, 0) == "default_pool_size") return shown->integer(row, 1).value_or(-1);
  }
  return -1;
}

struct Pools {
  explicit Pools(std::vector<PoolerProcess> processes)
      : sizes{io.get_executor(), std::move(processes), kLong} {}
  void keep(std::map<std::string, int> slots) {
    const auto kept = testing::run_coroutine(io, sizes.keep(std::move(slots)));
    REQUIRE(kept.has_value());
  }
  boost::asio::io_context io;
  PoolSizes sizes;
};

TEST_CASE("a pool is as small as its zone's concurrency, and gets its size back") {
  const PostgresCluster cluster;
  const PgBouncerServer bouncer{cluster, kTwenty};
  Pools pools{{process_of(bouncer)}};
  pools.keep({{"other", 3}});
  CHECK(size_of(bouncer) == 20);
  CHECK_FALSE(pools.sizes.pending());
  pools.keep({{"main", 7}});
  CHECK(size_of(bouncer) == 7);
  CHECK(pools.sizes.pending());
  pools.keep({{"main", 9}});
  CHECK(size_of(bouncer) == 9);
  SECTION("never larger than it was") {
    pools.keep({{"main", 50}});
    CHECK(size_of(bouncer) == 20);
    pools.keep({{"main", 8}});
    CHECK(size_of(bouncer) == 8);
  }
  pools.keep({});
  CHECK(size_of(bouncer) == 20);
  CHECK_FALSE(pools.sizes.pending());
  CHECK(pools.sizes.problems().empty());
}

TEST_CASE("a pool's size is set again after RELOAD, and what the file says is given back") {
  const PostgresCluster cluster;
  const PgBouncerServer bouncer{cluster, kTwenty};
  Pools pools{{process_of(bouncer)}};
  pools.keep({{"main", 7}});
  bouncer.command("RELOAD");
  REQUIRE(size_of(bouncer) == 20);
  pools.keep({{"main", 7}});
  CHECK(size_of(bouncer) == 7);
  SECTION("given back") {
    pools.keep({});
    CHECK(size_of(bouncer) == 20);
  }
  SECTION("what somebody else has set meanwhile is left alone") {
    bouncer.command("SET default_pool_size = 13");
    pools.keep({});
    CHECK(size_of(bouncer) == 13);
    CHECK_FALSE(pools.sizes.pending());
  }
}

TEST_CASE("a pool's size is set again in the first step after a restart of PgBouncer") {
  const PostgresCluster cluster;
  PgBouncerServer bouncer{cluster, kTwenty};
  Pools pools{{process_of(bouncer)}};
  pools.keep({{"main", 7}});
  bouncer.restart();
  REQUIRE(size_of(bouncer) == 20);
  pools.keep({{"main", 7}});
  CHECK(pools.sizes.problems().empty());
  CHECK(size_of(bouncer) == 7);
  pools.keep({});
  CHECK(size_of(bouncer) == 20);
}

TEST_CASE("a PgBouncer that cannot be reached is reported, and the others are served") {
  const PostgresCluster cluster;
  const PgBouncerServer bouncer{cluster, kTwenty};
  auto nobody = process_of(bouncer);
  nobody.console.port = 1;
  auto no_admin = process_of(bouncer);
  no_admin.console.user = "homeostat_monitor";
  Pools pools{{nobody, no_admin, process_of(bouncer)}};
  pools.keep({{"main", 7}});
  CHECK(size_of(bouncer) == 7);
  REQUIRE(pools.sizes.problems().size() == 2);
  CHECK_THAT(pools.sizes.problems()[0], StartsWith("main at 127.0.0.1:1: "));
  CHECK_THAT(pools.sizes.problems()[1], Contains("admin") || Contains("not allowed"));
  pools.keep({});
  CHECK(size_of(bouncer) == 20);
  CHECK_FALSE(pools.sizes.pending());
}

}  // namespace
}  // namespace homeostat
