// SPDX-License-Identifier: Apache-2.0
// What consumers report, read from a real server.
#include "probes/kafka_batches.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

struct Bench {
  Bench() { cluster.sql("CREATE ROLE consumer LOGIN"); }

  KafkaBatchesOptions options() const {
    KafkaBatchesOptions made;
    made.address = cluster.address("homeostat_monitor");
    made.groups = {"counts", "play \"counts\", ädded"};
    return made;
  }
  void grant() { cluster.sql(consumer_roles_script({"consumer"})); }
  /// As a consumer, who has nothing but what `homeostat grants --consumer` gives.
  void report(const std::string& group, const std::string& member, int batches, int events) {
    const auto n = std::to_string(events);
    const std::string busy = batches == 0 ? "0" : "0.5";
    PgClient client{cluster.address("consumer")};
    client.run("SELECT homeostat.report_batches('" + group + "', '" + member + "', " +
               std::to_string(batches) + ", " + n + ", " + busy + ", " + n + ".0 * " + n + ", " +
               busy + " * " + n + ")");
  }

  LedgerCluster cluster;
  boost::asio::io_context io;
  std::shared_ptr<BatchReports> reports = std::make_shared<BatchReports>();
  TimePoint now{};
  KafkaBatches probe{io.get_executor(), options(), reports};

  Result<Reading> sample(Duration later = 5s) {
    now += later;
    return run_coroutine(io, probe.sample(now, kPatient));
  }
};

TEST_CASE_METHOD(Bench, "reports of all members of a group are summed up, of named groups only") {
  grant();
  report("counts", "one", 2, 10);
  report("counts", "two", 3, 20);
  report("counts", "idle", 0, 0);
  report("play \"counts\", ädded", "one", 1, 7);
  report("another", "one", 1, 1);
  REQUIRE(sample().has_value());
  REQUIRE(reports->groups.size() == 2);
  const auto& counts = reports->groups.at("counts");
  CHECK(counts.members == 2);
  CHECK(counts.sums.batches == 5);
  CHECK(counts.sums.events == 30);
  CHECK(counts.sums.busy_seconds == 1);
  CHECK(counts.sums.events_squared == 500);
  CHECK(counts.sums.events_busy == 15);
  CHECK(reports->groups.at("play \"counts\", ädded").sums.events == 7);
}

TEST_CASE_METHOD(Bench, "a member that is gone counts no more, its batches do for five minutes") {
  grant();
  report("counts", "one", 2, 10);
  cluster.sql(
      "UPDATE homeostat.batch_report SET bucket = bucket - interval '2 minutes', "
      "reported_at = reported_at - interval '2 minutes'");
  report("counts", "two", 3, 20);
  REQUIRE(sample().has_value());
  CHECK(reports->groups.at("counts").members == 1);
  CHECK(reports->groups.at("counts").sums.batches == 5);
  cluster.sql(
      "UPDATE homeostat.batch_report SET bucket = bucket - interval '5 minutes', "
      "reported_at = reported_at - interval '5 minutes'");
  REQUIRE(sample().has_value());
  CHECK(reports->groups.empty());
}

TEST_CASE_METHOD(Bench, "it is asked every five seconds, not at each sample") {
  grant();
  REQUIRE(sample().has_value());
  report("counts", "one", 2, 10);
  REQUIRE(sample(1s).has_value());
  CHECK(reports->groups.empty());
  REQUIRE(sample(4s).has_value());
  CHECK(reports->groups.size() == 1);
}

TEST_CASE_METHOD(Bench, "a schema without reports, or unreadable, is told and is no error") {
  cluster.sql("REVOKE SELECT ON homeostat.batch_report FROM homeostat_monitor");
  const auto blind = sample();
  REQUIRE(blind.has_value());
  REQUIRE(blind->notes.size() == 1);
  CHECK_THAT(blind->notes[0].text, Contains("permission denied"));
  const auto between = sample(1s);
  REQUIRE(between.has_value());
  CHECK(between->notes.size() == 1);
  cluster.sql("GRANT SELECT ON homeostat.batch_report TO homeostat_monitor");
  const auto sees = sample();
  REQUIRE(sees.has_value());
  CHECK(sees->notes.empty());
  cluster.sql("DROP SCHEMA homeostat CASCADE");
  const auto none = sample();
  REQUIRE(none.has_value());
  CHECK_THAT(none->notes.at(0).text, Contains("batch_report"));
}

TEST_CASE_METHOD(Bench, "a server that is away leaves no report standing, and is asked again") {
  grant();
  report("counts", "one", 2, 10);
  REQUIRE(sample().has_value());
  REQUIRE(reports->groups.size() == 1);
  cluster.stop();
  CHECK_FALSE(sample().has_value());
  CHECK(reports->groups.empty());
  CHECK(reports->lost);
  CHECK_FALSE(sample(1s).has_value());
  cluster.start();
  report("counts", "one", 1, 3);
  REQUIRE(eventually([&] { return sample().has_value(); }));
  CHECK(reports->groups.at("counts").members == 1);
}

}  // namespace
}  // namespace homeostat::testing
