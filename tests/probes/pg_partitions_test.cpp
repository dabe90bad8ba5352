// SPDX-License-Identifier: Apache-2.0
// How even the partitions of a real table are.
#include "probes/pg_partitions.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

struct PartitionBench {
  PartitionBench() {
    cluster.create_role("monitor", "IN ROLE pg_monitor");
    cluster.sql(
        "CREATE TABLE plays (listener int) PARTITION BY HASH (listener);"
        "CREATE TABLE plays_0 PARTITION OF plays FOR VALUES WITH (modulus 2, remainder 0);"
        "CREATE TABLE plays_1 PARTITION OF plays FOR VALUES WITH (modulus 2, remainder 1)"
        " PARTITION BY LIST (listener);"
        "CREATE TABLE plays_1_d PARTITION OF plays_1 DEFAULT");
  }
  Result<Reading> sample(const std::string& table = "public.plays") {
    PgPartitionsOptions options;
    options.address = cluster.address("monitor");
    options.table = table;
    PgPartitions probe{io.get_executor(), options};
    return run_coroutine(io, probe.sample(TimePoint{}, 60s));
  }
  Sample value(const std::string& signal) {
    const auto reading = sample();
    if (!reading.has_value()) throw std::runtime_error(reading.error().context);
    for (const auto& each : reading->samples) {
      if (each.signal == signal) return each;
    }
    throw std::runtime_error("no sample of " + signal);
  }

  PostgresCluster cluster;
  boost::asio::io_context io;
};

TEST_CASE_METHOD(PartitionBench, "partitions are as uneven as their rows, counted") {
  CHECK(value("pg_partition_cv").quality == Quality::empty);
  cluster.sql("INSERT INTO plays SELECT i % 3 FROM generate_series(1, 900) i; ANALYZE plays");
  // Two partitions: deviation and mean of two numbers.
  const double even = std::stod(cluster.sql("SELECT count(*) FROM plays_0"));
  const double odd = std::stod(cluster.sql("SELECT count(*) FROM plays_1"));
  REQUIRE(even != odd);
  REQUIRE(eventually([&] { return value("pg_partition_cv").quality == Quality::whole; }));
  CHECK(value("pg_partition_cv").numerator == Approx(std::abs(even - odd) / (even + odd)));
  CHECK(value("pg_largest_partition_share").numerator == Approx(std::max(even, odd) / 900));
  const auto reading = sample();
  REQUIRE(reading->notes.size() == 1);
  CHECK_THAT(reading->notes[0].text, Contains("2 of public.plays") &&
                                         Contains(even > odd ? "plays_0" : "plays_1_d") &&
                                         Contains("moves unsupported"));
}

TEST_CASE_METHOD(PartitionBench, "a locked partition keeps nobody from measuring") {
  cluster.sql("INSERT INTO plays SELECT i FROM generate_series(1, 100) i; ANALYZE plays");
  PgClient holder{cluster.address("postgres")};
  holder.run("BEGIN; LOCK plays_0 IN ACCESS EXCLUSIVE MODE");
  CHECK(sample().has_value());
  holder.run("ROLLBACK");
}

TEST_CASE_METHOD(PartitionBench, "what is no hash-partitioned table is told") {
  CHECK(sample("public.nothing").error().code == ErrorCode::not_found);
  CHECK_THAT(sample("public.plays_1").error().context, Contains("not partitioned by hash"));
  CHECK_THAT(sample("public.plays_0").error().context, Contains("not partitioned by hash"));
}

}  // namespace
}  // namespace homeostat::testing
