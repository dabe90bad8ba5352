// SPDX-License-Identifier: Apache-2.0
// homeostat.admit() for a zone that nobody has declared: it lets everybody in, and says so.
#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using Catch::Matchers::Contains;
using testing::LedgerCluster;
using testing::PgClient;

struct UnknownZoneBench {
  UnknownZoneBench() { cluster.sql("CREATE ROLE app LOGIN"); }
  void declare_main() {
    cluster.sql("INSERT INTO homeostat.zone_place (zone, node, here) VALUES ('main', 'n', true)");
  }
  std::unique_ptr<PgClient> client() const {
    return std::make_unique<PgClient>(cluster.address("app"));
  }
  LedgerCluster cluster;
};

std::string told(PgClient& app, const std::string& zone) {
  app.run("BEGIN; SELECT homeostat.admit(" + zone + "); COMMIT");
  return app.notices();
}

TEST_CASE_METHOD(
    UnknownZoneBench,
    "a zone that nobody declared lets everybody in, and a session is told of it once") {
  declare_main();
  const auto app = client();
  CHECK(told(*app, "'main'").empty());
  CHECK_THAT(told(*app, "'maim'"), Contains("WARNING") && Contains("no zone 'maim' is declared"));
  CHECK(told(*app, "'maim'").empty());
  CHECK_THAT(told(*app, "'mian'"), Contains("'mian'"));
  CHECK(told(*app, "'maim', critical => true, key => '42'").empty());
  CHECK(told(*app, "NULL").empty());  // what route() says of a node without zones
  CHECK_THAT(told(*client(), "'maim'"), Contains("'maim'"));

  // Told of a few dozen at most, whatever comes.
  int warnings = 0;
  for (int i = 0; i < 60; ++i)
    warnings += told(*app, "'z" + std::to_string(i) + "'").empty() ? 0 : 1;
  CHECK(warnings == 30);
}

TEST_CASE_METHOD(UnknownZoneBench, "without any zone, or under a limit on it, nobody is told") {
  CHECK(told(*client(), "'maim'").empty());
  declare_main();
  cluster.sql(
      "INSERT INTO homeostat.zone_limit (zone, class, concurrency, queue_limit) VALUES "
      "('by_hand', homeostat.zone_class('by_hand'), 2, 0.5)");
  CHECK(told(*client(), "'by_hand'").empty());
  CHECK_FALSE(told(*client(), "'maim'").empty());
}

}  // namespace
}  // namespace homeostat
