// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/pg_session.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/run.hpp"

namespace homeostat::pg {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::eventually;
using testing::run_coroutine;

// Only ever waited out by a failing test.
constexpr auto kPatient = std::chrono::seconds{60};

struct Bench {
  explicit Bench(const Address& address, SessionSettings settings = {})
      : session{io.get_executor(), address, settings} {}

  Result<void> connect(Duration deadline = kPatient) {
    return run_coroutine(io, session.connect(deadline));
  }
  Result<Table> query(std::string sql, std::vector<Parameter> parameters = {},
                      Duration deadline = kPatient) {
    return run_coroutine(io, session.query(std::move(sql), std::move(parameters), deadline));
  }
  Result<Table> script(std::string sql, Duration deadline = kPatient) {
    return run_coroutine(io, session.script(std::move(sql), deadline));
  }
  std::string text(std::string sql) {
    const auto table = query(std::move(sql));
    if (!table.has_value()) return "error: " + table.error().context;
    return std::string{table->text(0, 0).value_or("NULL")};
  }

  boost::asio::io_context io;
  Session session;
};

struct Connected : Bench {
  explicit Connected(const Address& address, SessionSettings settings = {})
      : Bench{address, settings} {
    const auto result = connect();
    if (!result.has_value()) FAIL(result.error().context);
  }
};

std::string raising(const std::string& sqlstate) {
  return "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '" + sqlstate + "'; END $$";
}

}  // namespace

TEST_CASE("a query takes text parameters and gives back text, numbers and NULL") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  const auto table =
      bench.query("SELECT $1::text, $2::int + 1, $3::text, 0.25::float8, 'many words'",
                  {Parameter{"it's $1 \"quoted\""}, Parameter{"41"}, Parameter{}});
  REQUIRE(table.has_value());
  REQUIRE(table->rows() == 1);
  REQUIRE(table->columns() == 5);
  REQUIRE(table->text(0, 0) == "it's $1 \"quoted\"");
  REQUIRE(table->integer(0, 1) == 42);
  REQUIRE(table->number(0, 1) == 42.0);
  REQUIRE_FALSE(table->text(0, 2).has_value());
  REQUIRE_FALSE(table->number(0, 2).has_value());
  REQUIRE(table->number(0, 3) == 0.25);
  REQUIRE_FALSE(table->number(0, 4).has_value());
  REQUIRE_FALSE(table->integer(0, 3).has_value());
  REQUIRE_FALSE(table->text(1, 0).has_value());
}

TEST_CASE("a statement is prepared once a session, and anew when its result has changed") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  const std::string count = "SELECT count(*) FROM pg_prepared_statements";
  REQUIRE(bench.text(count) == "1");
  REQUIRE(bench.text(count) == "1");
  REQUIRE(bench.script("CREATE TABLE t (a int); INSERT INTO t VALUES (7)").has_value());
  REQUIRE(bench.text("SELECT * FROM t") == "7");
  REQUIRE(bench.script("ALTER TABLE t ALTER a TYPE text").has_value());
  REQUIRE_THAT(bench.text("SELECT * FROM t"), Contains("0A000"));
  REQUIRE(bench.text("SELECT * FROM t") == "7");
  REQUIRE(bench.script("DEALLOCATE ALL").has_value());
  REQUIRE_THAT(bench.text(count), Contains("26000"));
  REQUIRE(bench.text(count) == "1");
}

TEST_CASE("an error of the server keeps the session and says what kind it was") {
  testing::PostgresCluster cluster;
  cluster.create_role("nobody");
  cluster.sql("CREATE TABLE secret (a int)");
  Connected bench{cluster.address("nobody")};
  const auto pid = bench.session.backend_pid();
  const auto code = [&](const std::string& sql) {
    const auto table = bench.query(sql);
    REQUIRE_FALSE(table.has_value());
    return table.error().code;
  };
  REQUIRE(code("SELECT * FROM secret") == ErrorCode::missing_privilege);
  REQUIRE(code("SELECT 1/0") == ErrorCode::refused);
  REQUIRE(code("SELEC") == ErrorCode::refused);
  REQUIRE(code(raising("57014")) == ErrorCode::cancelled);
  REQUIRE(code(raising("55P03")) == ErrorCode::cancelled);
  REQUIRE(code(raising("HS001")) == ErrorCode::superseded);
  REQUIRE(code(raising("HS002")) == ErrorCode::foreign_value);
  const auto divided = bench.query("SELECT 1/0");
  REQUIRE(divided.error().context == "division by zero (SQLSTATE 22012)");
  REQUIRE(bench.session.connected());
  REQUIRE(bench.session.backend_pid() == pid);
  REQUIRE(bench.text("SELECT 5") == "5");
}

TEST_CASE("a script runs several statements, stops at the first error and gives the last result") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  const auto table = bench.script("CREATE TABLE t (a int); INSERT INTO t VALUES (1); SELECT 9");
  REQUIRE(table.has_value());
  REQUIRE(table->integer(0, 0) == 9);
  const auto failed = bench.script("SELECT 1; SELECT 1/0; INSERT INTO t VALUES (2)");
  REQUIRE_FALSE(failed.has_value());
  REQUIRE_THAT(failed.error().context, Contains("22012"));
  REQUIRE(bench.text("SELECT count(*) FROM t") == "1");
}

TEST_CASE("a script larger than every socket buffer is sent whole") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  const std::string chunk(100'000, 'x');
  std::string sql;
  for (int i = 0; i < 150; ++i) sql += "SELECT '" + chunk + "';";
  const auto table = bench.script(sql);
  REQUIRE(table.has_value());
  REQUIRE(table->text(0, 0) == chunk);
}

TEST_CASE("COPY, which this session does not speak, ends the session instead of hanging it") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  const auto table = bench.script("COPY (SELECT 1) TO STDOUT");
  REQUIRE_FALSE(table.has_value());
  REQUIRE(table.error().code == ErrorCode::protocol);
  REQUIRE_FALSE(bench.session.connected());
}

TEST_CASE("the session settings are in force and outrank the role's own (H62)") {
  testing::PostgresCluster cluster;
  cluster.create_role("watcher");
  cluster.sql("ALTER ROLE watcher SET statement_timeout = '1h'");
  cluster.sql("ALTER ROLE watcher SET synchronous_commit = 'on'");
  SessionSettings settings;
  settings.statement_timeout = 1234ms;
  settings.lock_timeout = 321ms;
  settings.read_only = true;
  Connected bench{cluster.address("watcher"), settings};
  REQUIRE(bench.text("SHOW statement_timeout") == "1234ms");
  REQUIRE(bench.text("SHOW lock_timeout") == "321ms");
  REQUIRE(bench.text("SHOW idle_in_transaction_session_timeout") == "1234ms");
  REQUIRE(bench.text("SHOW synchronous_commit") == "local");
  REQUIRE(bench.text("SHOW default_transaction_read_only") == "on");
  REQUIRE(bench.text("SHOW application_name") == "test");
  REQUIRE_FALSE(bench.script("CREATE TEMP TABLE t (a int); SELECT nextval('x')").has_value());
  Connected writer{cluster.address("watcher")};
  REQUIRE(writer.text("SHOW default_transaction_read_only") == "off");
  REQUIRE(writer.text("SHOW statement_timeout") == "5s");
  REQUIRE(writer.text("SHOW lock_timeout") == "500ms");
}

TEST_CASE("a lock that is held makes a statement give up by lock_timeout, session kept (H33)") {
  testing::PostgresCluster cluster;
  testing::PgClient holder{cluster.address()};
  holder.run("CREATE TABLE t (a int)");
  holder.run("BEGIN; LOCK TABLE t");
  Connected bench{cluster.address()};
  const auto table = bench.query("SELECT * FROM t");
  REQUIRE_FALSE(table.has_value());
  REQUIRE(table.error().code == ErrorCode::cancelled);
  REQUIRE_THAT(table.error().context, Contains("55P03"));
  REQUIRE(bench.session.connected());
}

TEST_CASE("a frozen server ends a query by its deadline and closes the session (H9)") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  cluster.freeze();
  const auto table = bench.query("SELECT 1", {}, 150ms);
  REQUIRE_FALSE(table.has_value());
  REQUIRE(table.error().code == ErrorCode::timeout);
  REQUIRE_THAT(table.error().context, Contains("150 ms"));
  REQUIRE_FALSE(bench.session.connected());
  REQUIRE(bench.session.backend_pid() == 0);
  const auto again = bench.connect(150ms);
  REQUIRE_FALSE(again.has_value());
  REQUIRE(again.error().code == ErrorCode::timeout);
  cluster.thaw();
  REQUIRE(bench.connect().has_value());
  REQUIRE(bench.text("SELECT 1") == "1");
}

TEST_CASE("a listener that never answers ends connect by its deadline (H9)") {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor silent{io, {boost::asio::ip::make_address("127.0.0.1"), 0}};
  Address address;
  address.host = "127.0.0.1";
  address.port = silent.local_endpoint().port();
  address.sslmode = "disable";
  Bench bench{address};
  const auto result = bench.connect(150ms);
  REQUIRE_FALSE(result.has_value());
  REQUIRE(result.error().code == ErrorCode::timeout);
}

TEST_CASE("a server that restarts is unavailable first and can be connected to again") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  cluster.stop();
  const auto lost = bench.query("SELECT 1");
  REQUIRE_FALSE(lost.has_value());
  REQUIRE(lost.error().code == ErrorCode::unavailable);
  REQUIRE_FALSE(bench.session.connected());
  const auto closed = bench.query("SELECT 1");
  REQUIRE(closed.error().code == ErrorCode::unavailable);
  const auto down = bench.connect();
  REQUIRE_FALSE(down.has_value());
  REQUIRE(down.error().code == ErrorCode::unavailable);
  cluster.start();
  REQUIRE(bench.connect().has_value());
  REQUIRE(bench.text("SELECT 1") == "1");
}

TEST_CASE("a backend that is ended tells why") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  cluster.sql("SELECT pg_terminate_backend(" + std::to_string(bench.session.backend_pid()) + ")");
  const auto lost = bench.query("SELECT pg_sleep(60)");
  REQUIRE_FALSE(lost.has_value());
  REQUIRE(lost.error().code == ErrorCode::unavailable);
  REQUIRE_THAT(lost.error().context, Contains("terminating connection"));
}

TEST_CASE("a wrong password is told at once, without waiting for the deadline, and not repeated") {
  testing::PostgresCluster cluster;
  cluster.create_role("watcher", "", "right-horse");
  auto address = cluster.address("watcher");
  Connected good{address};
  address.password_file = cluster.secret_file("wrong", "wrong-canary\n");
  Bench bench{address};
  const auto result = bench.connect(std::chrono::hours{1});
  REQUIRE_FALSE(result.has_value());
  REQUIRE(result.error().code == ErrorCode::refused);
  REQUIRE_THAT(result.error().context, Contains("28P01"));
  REQUIRE_THAT(result.error().context, !Contains("canary") && !Contains("\n"));
}

TEST_CASE("a rotated password is read at the next connect, its line end stripped") {
  testing::PostgresCluster cluster;
  cluster.create_role("watcher", "", "first");
  const auto address = cluster.address("watcher");
  Connected bench{address};
  cluster.sql("ALTER ROLE watcher PASSWORD 'second'");
  std::ofstream{address.password_file} << "second\r\n";
  REQUIRE(bench.connect().has_value());
  REQUIRE(bench.text("SELECT current_user") == "watcher");
}

TEST_CASE("a password file that cannot be read is named") {
  Address address;
  address.host = "127.0.0.1";
  address.password_file = "/nonexistent/password";
  Bench bench{address};
  const auto result = bench.connect();
  REQUIRE_FALSE(result.has_value());
  REQUIRE(result.error().code == ErrorCode::invalid_input);
  REQUIRE_THAT(result.error().context, Contains("/nonexistent/password"));
}

TEST_CASE("a full server is unavailable, an unknown database is refused") {
  testing::PostgresCluster cluster{{{"max_connections", "5"}}};
  cluster.create_role("watcher");
  auto elsewhere = cluster.address("watcher", "nowhere");
  Bench unknown{elsewhere};
  const auto refused = unknown.connect();
  REQUIRE_FALSE(refused.has_value());
  REQUIRE(refused.error().code == ErrorCode::refused);
  REQUIRE_THAT(refused.error().context, Contains("3D000"));
  // 5, of which 3 are kept for superusers.
  testing::PgClient first{cluster.address("watcher")};
  testing::PgClient second{cluster.address("watcher")};
  Bench bench{cluster.address("watcher")};
  const auto full = bench.connect();
  REQUIRE_FALSE(full.has_value());
  REQUIRE(full.error().code == ErrorCode::unavailable);
  REQUIRE_THAT(full.error().context, Contains("53300"));
}

TEST_CASE("sslmode verify-full does not fall back to plain text, and a Unix socket needs none") {
  testing::PostgresCluster cluster;
  auto address = cluster.address();
  address.sslmode = "verify-full";
  Bench encrypted{address};
  REQUIRE_FALSE(encrypted.connect().has_value());
  auto local = cluster.socket_address();
  local.sslmode = "verify-full";
  Connected bench{local};
  REQUIRE(bench.text("SELECT inet_client_addr() IS NULL") == "t");
}

TEST_CASE("a name is looked up without blocking, and every address of it is tried") {
  testing::PostgresCluster cluster;
  auto address = cluster.address();
  address.host = "localhost";
  Connected bench{address};
  REQUIRE(bench.text("SELECT 1") == "1");
}

TEST_CASE("closing a session under a waiting query ends the query") {
  testing::PostgresCluster cluster;
  Connected bench{cluster.address()};
  std::optional<Result<Table>> answer;
  auto waiting = [&]() -> boost::asio::awaitable<void> {
    auto table = co_await bench.session.query("SELECT pg_sleep(60)", {}, kPatient);
    answer.emplace(std::move(table));
  };
  bool done = false;
  auto finished = [&](std::exception_ptr) { done = true; };
  boost::asio::co_spawn(bench.io, waiting(), finished);
  bench.io.restart();
  bench.io.poll();
  REQUIRE_FALSE(done);
  const auto second = bench.query("SELECT 1");
  REQUIRE(second.error().code == ErrorCode::internal);
  bench.session.close();
  while (!done) bench.io.run_one();
  REQUIRE_FALSE(answer->has_value());
  REQUIRE(answer->error().code == ErrorCode::unavailable);
}

TEST_CASE("a statement left behind by a deadline ends by itself at the server (H13)") {
  testing::PostgresCluster cluster;
  SessionSettings settings;
  settings.statement_timeout = 300ms;
  Connected bench{cluster.address(), settings};
  const auto table = bench.query("SELECT pg_sleep(3600)", {}, 100ms);
  REQUIRE(table.error().code == ErrorCode::timeout);
  REQUIRE(eventually([&] {
    return cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'test'") ==
           "0";
  }));
}

}  // namespace homeostat::pg
