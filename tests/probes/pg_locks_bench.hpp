// SPDX-License-Identifier: Apache-2.0
// A probe, its server and a crowd of clients, for the tests of pg_locks.
#pragma once

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "probes/pg_locks.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"

namespace homeostat::testing {

/// Only ever waited out by a failing test.
constexpr Duration kPatient = std::chrono::seconds{60};

/// A server with a monitor role and a table `hot` of ten rows.
struct Server : PostgresCluster {
  explicit Server(Settings settings = {}) : PostgresCluster{std::move(settings)} {
    create_role("monitor", "IN ROLE pg_monitor");
    create_role("app");
    sql("CREATE TABLE hot (id int PRIMARY KEY, n int);"
        "INSERT INTO hot SELECT i, 0 FROM generate_series(1, 10) i;"
        "GRANT ALL ON hot TO app");
  }
  std::unique_ptr<PgClient> client(const std::string& role = "app",
                                   const std::string& application = "app") const {
    auto where = address(role);
    where.application_name = application;
    return std::make_unique<PgClient>(where);
  }
  /// True once `count` sessions wait with this wait_event.
  bool waiting(int count, const std::string& event = "transactionid', 'tuple") const {
    return eventually([&] {
      return sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                 "AND wait_event IN ('" +
                 event + "')") == std::to_string(count);
    });
  }
};

/// `size` sessions that all want the row that `holder` keeps in an idle transaction.
struct Storm {
  Storm(const Server& server, int size,
        const std::string& statement =
            "UPDATE hot SET n = n + 1 "
            "WHERE id = 1")
      : holder{server.client()} {
    holder->run("BEGIN; UPDATE hot SET n = n + 1 WHERE id = 1");
    for (int i = 0; i < size; ++i) {
      crowd.push_back(server.client());
      crowd.back()->send(statement);
    }
    REQUIRE(server.waiting(size));
  }
  std::unique_ptr<PgClient> holder;
  std::vector<std::unique_ptr<PgClient>> crowd;
};

inline PgLocksOptions options_for(const Server& server, const std::string& role = "monitor") {
  PgLocksOptions options;
  options.node = "main";
  options.address = server.address(role);
  options.address.application_name = "watching";  // so that only its pid tells it from the others
  return options;
}

/// Samples second by second of a time that only the test moves.
struct Watch {
  explicit Watch(PgLocksOptions options) : probe{io.get_executor(), std::move(options)} {}

  Result<Reading> sample(Duration deadline = kPatient) {
    now += std::chrono::seconds{1};
    return run_coroutine(io, probe.sample(now, deadline));
  }
  Reading read() {
    auto reading = sample();
    if (!reading.has_value()) FAIL(reading.error().context);
    return std::move(*reading);
  }

  boost::asio::io_context io;
  PgLocks probe;
  TimePoint now{};
};

inline const Sample& find(const Reading& reading, std::string_view signal) {
  for (const auto& sample : reading.samples) {
    if (sample.signal == signal) return sample;
  }
  FAIL("no sample of " << signal);
  return reading.samples.front();
}

inline double value(const Reading& reading, std::string_view signal) {
  const auto& sample = find(reading, signal);
  CAPTURE(signal, to_text(sample.reason));
  REQUIRE(sample.quality == Quality::whole);
  return sample.numerator / sample.denominator;
}

}  // namespace homeostat::testing
