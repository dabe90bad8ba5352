// SPDX-License-Identifier: Apache-2.0
// The pools of real PgBouncer processes under the lever `admission`, as their consoles show them.
#include "actuators/pool_size.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <catch2/catch.hpp>
#include <memory>
#include <optional>
#include <vector>

#include "actuators/admission.hpp"
#include "tests/support/ledger_bench.hpp"
#include "tests/support/pgbouncer_server.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;
using testing::Instance;
using testing::LedgerCluster;
using testing::PgBouncerServer;

constexpr Duration kLong = 60s;  // only ever waited out by a failing test
constexpr const char* kTwenty = "default_pool_size = 20\n";

PoolerProcess process_of(const PgBouncerServer& bouncer) {
  return {"front", "main", bouncer.address("postgres", "pgbouncer")};
}

int size_of(const PgBouncerServer& bouncer) { return bouncer.default_pool_size(); }

/// A leader whose zone `main` has these processes.
struct PoolLeader {
  PoolLeader(const LedgerCluster& cluster, const std::string& name,
             std::vector<PoolerProcess> processes, Duration consoles = kLong)
      : instance{cluster, name},
        lever{instance.session, instance.clock, testing::kPatient,
              std::make_unique<PoolSizes>(instance.io.get_executor(), std::move(processes),
                                          instance.session, instance.clock, consoles, kLong)} {
    instance.lead();
  }
  std::string change(ChangeKind kind, double slots = 7) {
    auto made = instance.change(kind, "zone/main");
    made.desired.key.lever = "admission";
    made.desired.value.arguments = {{"concurrency", slots}, {"queue_limit", 0.5}};
    made.desired.policy = "back-pressure";
    const auto done = testing::run_coroutine(instance.io, lever.apply(std::move(made)));
    if (!done.has_value()) return done.error().context;
    return std::string{to_text(done->outcome)};
  }
  /// What the end of a step does.
  Result<void> step() { return testing::run_coroutine(instance.io, lever.after_step()); }
  void limit(double slots) {
    REQUIRE(change(ChangeKind::apply, slots) == "applied");
    REQUIRE(step().has_value());
  }
  void lift() {
    REQUIRE(change(ChangeKind::revert) == "applied");
    REQUIRE(step().has_value());
  }
  std::string note() const { return lever.notes().empty() ? "" : lever.notes()[0].text; }

  Instance instance;
  AdmissionLever lever;
};

/// Takes connections and says nothing.
class Silent {
 public:
  int port() const { return acceptor_.local_endpoint().port(); }
  /// Connections so far.
  int asked() {
    acceptor_.non_blocking(true);
    for (;;) {
      boost::system::error_code none;
      auto socket = acceptor_.accept(none);
      if (none) return static_cast<int>(sockets_.size());
      sockets_.push_back(std::move(socket));
    }
  }

 private:
  using Tcp = boost::asio::ip::tcp;
  boost::asio::io_context io_;
  Tcp::acceptor acceptor_{io_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::vector<Tcp::socket> sockets_;
};

struct PoolBench {
  PoolBench() {
    cluster.sql("GRANT homeostat_operator TO postgres");
    one.emplace(cluster, "one", std::vector<PoolerProcess>{process_of(bouncer)});
  }
  std::string written() const {
    return cluster.sql(
        "SELECT coalesce(string_agg(before || ' ' || stood || ' ' || asked || ' ' || "
        "coalesce(yielded::text, '-'), ' | '), 'none') FROM homeostat.pool_size");
  }

  LedgerCluster cluster;
  PgBouncerServer bouncer{cluster, kTwenty};
  std::optional<PoolLeader> one;
};

TEST_CASE_METHOD(PoolBench, "a pool is as small as its zone's limit, and gets its size back") {
  REQUIRE(one->step().has_value());
  CHECK(size_of(bouncer) == 20);
  CHECK(written() == "none");
  one->limit(7.9);
  CHECK(size_of(bouncer) == 7);
  CHECK(written() == "20 20 7 -");
  one->limit(9);
  CHECK(size_of(bouncer) == 9);
  CHECK(written() == "20 7 9 -");
  SECTION("never larger than it was") {
    one->limit(50);
    CHECK(size_of(bouncer) == 20);
    one->limit(8);
    CHECK(size_of(bouncer) == 8);
  }
  CHECK(one->lever.notes().empty());
  one->lift();
  CHECK(size_of(bouncer) == 20);
  CHECK(written() == "none");
  CHECK(one->lever.notes().empty());
}

TEST_CASE_METHOD(PoolBench, "a pool gets its size back when the limit ran out by itself (S2)") {
  one->limit(7);
  cluster.sql(
      "WITH z AS (UPDATE homeostat.zone_limit SET expires_at = now() - interval '1 s' RETURNING *) "
      "UPDATE homeostat.lever SET expires_at = z.expires_at FROM z");
  REQUIRE(one->step().has_value());
  CHECK(size_of(bouncer) == 20);
  CHECK(written() == "none");
}

TEST_CASE_METHOD(PoolBench, "a leader that comes after gives back what stood before the first") {
  one->limit(7);
  const auto how = GENERATE(as<std::string>{}, "limit stands on", "limit is gone", "restarted");
  INFO(how);
  one.reset();  // killed: nothing was given back, and its session is gone
  cluster.let_lease_run_out();
  if (how == "restarted") bouncer.restart();
  PoolLeader two{cluster, "two", {process_of(bouncer)}};
  if (how == "limit is gone") {
    two.lift();
  } else {
    REQUIRE(two.step().has_value());
    CHECK(size_of(bouncer) == 7);
    two.limit(12);
    CHECK(size_of(bouncer) == 12);
    two.lift();
  }
  CHECK(size_of(bouncer) == 20);
  CHECK(written() == "none");
}

TEST_CASE_METHOD(PoolBench, "what was asked of a process that never answered is known as ours") {
  one->limit(7);
  // As if it had died between the database's yes and PgBouncer's: asked, and not set.
  cluster.sql("UPDATE homeostat.pool_size SET stood = 7, asked = 5");
  SECTION("it was not set") { one->limit(6); }
  SECTION("it was set, unheard") {
    bouncer.command("SET default_pool_size = 5");
    one->limit(6);
  }
  CHECK(size_of(bouncer) == 6);
  one->lift();
  CHECK(size_of(bouncer) == 20);
}

TEST_CASE_METHOD(PoolBench, "a pool's size is set again after RELOAD and after a restart (H29)") {
  one->limit(7);
  SECTION("reload") { bouncer.command("RELOAD"); }
  SECTION("restart") { bouncer.restart(); }
  REQUIRE(size_of(bouncer) == 20);
  REQUIRE(one->step().has_value());
  CHECK(one->note() == "");
  CHECK(size_of(bouncer) == 7);
  one->lift();
  CHECK(size_of(bouncer) == 20);
}

TEST_CASE_METHOD(PoolBench, "a size that somebody else has set is left to them (S3)") {
  one->limit(7);
  bouncer.command("SET default_pool_size = 13");
  SECTION("while the limit stands") {
    REQUIRE(one->step().has_value());
    CHECK(size_of(bouncer) == 13);
    CHECK_THAT(one->note(), StartsWith("front at 127.0.0.1:") &&
                                Contains("somebody else has set default_pool_size to 13") &&
                                Contains("it was 20"));
    REQUIRE(one->lever.notes().size() == 1);
    CHECK(one->lever.notes()[0].key == kForeignWriteNote);
    CHECK(written() == "20 20 7 13");
    bouncer.command("RELOAD");  // nor is it taken up again while the limit stands
    one->limit(5);
    CHECK(size_of(bouncer) == 20);
    CHECK(one->note() != "");
    one->lift();
    one->limit(6);
    CHECK(one->note() == "");
    CHECK(size_of(bouncer) == 6);
    one->lift();
    CHECK(size_of(bouncer) == 20);
  }
  SECTION("before it was noticed") {
    one->lift();
    CHECK(size_of(bouncer) == 13);
    CHECK(written() == "none");
  }
}

TEST_CASE_METHOD(PoolBench, "without the fence, and while its policy is paused, no pool shrinks") {
  one->limit(9);
  SECTION("superseded") {
    cluster.let_lease_run_out();
    PoolLeader two{cluster, "two", {process_of(bouncer)}};
    two.limit(11);
    bouncer.command("RELOAD");
    CHECK_FALSE(one->step().has_value());
    CHECK(size_of(bouncer) == 20);
    REQUIRE(two.step().has_value());
    CHECK(size_of(bouncer) == 11);
  }
  SECTION("paused") {
    cluster.sql("SELECT homeostat.pause('policy/back-pressure', '1 hour', 'a test')");
    bouncer.command("RELOAD");
    REQUIRE(one->step().has_value());
    CHECK(size_of(bouncer) == 20);
    CHECK_THAT(one->note(), Contains("paused by postgres"));
    one->lift();  // the way back goes on
    CHECK(written() == "none");
  }
  SECTION("a limit of somebody else's is none of ours") {
    cluster.sql("UPDATE homeostat.zone_limit SET concurrency = 3, expires_at = NULL");
    REQUIRE(one->step().has_value());
    CHECK(size_of(bouncer) == 20);
  }
}

TEST_CASE("a PgBouncer that cannot be reached is named, and the others are served (H57)") {
  const LedgerCluster cluster;
  const PgBouncerServer bouncer{cluster, kTwenty};
  auto nobody = process_of(bouncer);
  nobody.name = "gone";
  nobody.console.port = 1;
  PgBouncerServer strict{cluster, kTwenty};
  auto no_admin = process_of(strict);
  no_admin.name = "strict";
  no_admin.console.user = "homeostat_monitor";
  PoolLeader leader{cluster, "one", {nobody, no_admin, process_of(bouncer)}};
  leader.limit(7);
  CHECK(size_of(bouncer) == 7);
  CHECK(size_of(strict) == 20);
  auto notes = leader.lever.notes();
  REQUIRE(notes.size() == 2);
  CHECK(notes[0].subject == Subject{SubjectKind::zone, "main"});
  CHECK_THAT(notes[0].text, StartsWith("gone at 127.0.0.1:1: "));
  CHECK_THAT(notes[1].text, Contains("admin") || Contains("not allowed"));
  leader.lift();
  CHECK(size_of(bouncer) == 20);
  CHECK(leader.lever.notes().empty());
}

TEST_CASE("a PgBouncer that hangs costs its share of the time, and is left alone for a while") {
  const LedgerCluster cluster;
  const PgBouncerServer bouncer{cluster, kTwenty};
  Silent silent;
  auto hanging = process_of(bouncer);
  hanging.name = "hanging";
  hanging.console.port = silent.port();
  PoolLeader leader{cluster, "one", {hanging, process_of(bouncer)}, 2s};
  leader.limit(7);
  CHECK(size_of(bouncer) == 7);
  CHECK_THAT(leader.note(), StartsWith("hanging at 127.0.0.1:"));
  CHECK(silent.asked() == 1);
  leader.instance.clock.advance(4s);
  leader.limit(8);
  CHECK(silent.asked() == 1);
  CHECK(size_of(bouncer) == 8);
  CHECK_THAT(leader.note(), StartsWith("hanging at 127.0.0.1:"));
  leader.instance.clock.advance(1s);
  REQUIRE(leader.step().has_value());
  CHECK(silent.asked() == 2);
}

TEST_CASE("a process that the configuration names no more is told with what it had") {
  const LedgerCluster cluster;
  const PgBouncerServer old{cluster, kTwenty};
  const PgBouncerServer bouncer{cluster, kTwenty};
  {
    PoolLeader one{cluster, "one", {process_of(old)}};
    one.limit(7);
  }
  cluster.let_lease_run_out();
  PoolLeader two{cluster, "two", {process_of(bouncer)}};
  two.limit(8);
  CHECK(size_of(bouncer) == 8);
  CHECK(size_of(old) == 7);
  CHECK_THAT(two.note(), Contains(std::to_string(old.port())) && Contains("not named any more") &&
                             Contains("SET default_pool_size = 20"));
}

}  // namespace
}  // namespace homeostat
