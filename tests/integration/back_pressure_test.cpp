// SPDX-License-Identifier: Apache-2.0
// The policy back-pressure against a real hot row, whose writers begin with homeostat.admit().
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/pgbouncer_server.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

/// Twelve writers of one row, each of whom keeps it for a fifth of a second: the last of them would
/// wait for more than two. Who is refused tries again after a moment.
class Writers {
 public:
  explicit Writers(Site& site) {
    for (int i = 0; i < 12; ++i) {
      threads_.emplace_back([this, address = site.postgres().address("app")] { write(address); });
    }
  }
  ~Writers() { end(); }
  Writers(const Writers&) = delete;
  Writers& operator=(const Writers&) = delete;

  int refused() const { return refused_; }
  int done() const { return done_; }
  void end() {
    running_ = false;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void write(const pg::Address& address) {
    PgClient client(address);
    while (running_) {
      try {
        client.run("BEGIN");
        client.run("SELECT homeostat.admit('main')");
        client.run("UPDATE hot SET plays = plays + 1; SELECT pg_sleep(0.2); COMMIT");
        ++done_;
      } catch (const std::runtime_error& error) {
        if (std::string{error.what()}.find("is full") == std::string::npos) throw;
        ++refused_;
        client.run("ROLLBACK; SELECT pg_sleep(0.1)");
      }
    }
  }

  std::atomic<bool> running_{true};
  std::atomic<int> refused_{0};
  std::atomic<int> done_{0};
  std::vector<std::thread> threads_;
};

/// The recommended policy, with bounds for twelve writers instead of hundreds.
std::string small_policy() {
  auto text = read_file(HOMEOSTAT_SOURCE_DIR "/policies/recommended/back-pressure.yaml");
  const std::string bounds = "bounds: {min: 40, max: 400}";
  const auto at = text.find(bounds);
  if (at == std::string::npos) throw std::runtime_error("the recommended bounds are others");
  return text.replace(at, bounds.size(), "bounds: {min: 3, max: 12}");
}

/// Slots that the zone has now; 0: there is no limit.
double slots(Site& site) {
  const auto text = site.postgres().sql("SELECT concurrency FROM homeostat.zone_limit");
  return text.empty() ? 0 : std::stod(text);
}

std::string counter_slots(Site& site) {
  return site.postgres().sql("SELECT homeostat.counter_slots('plays')");
}

}  // namespace

TEST_CASE(
    "back-pressure: a hot row's writers are let in fewer at a time, its counter gets more rows, "
    "and "
    "all that is over later") {
  Site site;
  site.postgres().sql(
      "CREATE ROLE app LOGIN; CREATE TABLE hot (plays bigint); INSERT INTO hot VALUES (0);"
      "GRANT ALL ON hot TO app");
  site.write_policies(small_policy());
  site.inventory(
      "  zones: [{name: main, node: main, counters: [{name: plays, slots: 8, below: 12, hold: "
      "0s}]}]");
  site.start_daemon();
  REQUIRE(eventually([&] { return slots(site) == 12; }));  // the upper bound, from the start
  CHECK(counter_slots(site) == "1");

  Writers writers(site);
  REQUIRE(eventually([&] { return slots(site) > 0 && slots(site) < 8; }));
  REQUIRE(eventually([&] { return writers.refused() > 0; }));
  CHECK(eventually([&] { return counter_slots(site) == "8"; }));
  // Work goes on under the limit, and those that were above it have come to their end.
  const int before = writers.done();
  REQUIRE(eventually([&] { return writers.done() > before + 12; }));
  CHECK(site.status().at("verdicts").at(0).at("policy") == "back-pressure");

  writers.end();
  REQUIRE(eventually([&] { return slots(site) == 12; }));
  CHECK(counter_slots(site) == "1");
  // In order: given back.
  site.daemon().signal(SIGTERM);
  REQUIRE(site.daemon().wait(std::chrono::seconds{30}) == 0);
  CHECK(slots(site) == 0);
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.lever WHERE status = 'open'") == "0");
  // Cut in steps, and grown back in more of them.
  CHECK(site.postgres().sql("SELECT count(*) > 2 FROM homeostat.act WHERE lever = 'admission' AND "
                            "kind = 'apply'") == "t");
}

TEST_CASE(
    "back-pressure: PgBouncer's pool follows the limit, and who comes after a kill gives back") {
  Site site;
  const PgBouncerServer bouncer{site.postgres(), "default_pool_size = 20\n"};
  site.write_policies(small_policy());
  const auto process = [](const std::string& name, int port) {
    return "{name: " + name + ", host: 127.0.0.1, port: " + std::to_string(port) +
           ", user: postgres, sslmode: disable}";
  };
  site.inventory("  zones: [{name: main, node: main, pgbouncer: [" + process("gone", 1) + ", " +
                 process("front", bouncer.port()) + "]}]");
  site.start_daemon();
  const auto size = [&bouncer] { return bouncer.default_pool_size(); };
  REQUIRE(eventually([&] { return size() == 12; }));
  // The one that is not there is named, in the log and in the status.
  REQUIRE(eventually(
      [&] { return site.status().at("notes").dump().find("gone at") != std::string::npos; }));
  CHECK(site.log().find("pgbouncer zone/main: gone at 127.0.0.1:1: ") != std::string::npos);

  site.daemon().signal(SIGKILL);
  site.daemon().wait(std::chrono::seconds{30});
  CHECK(size() == 12);
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.status(second).at("leader").get<bool>(); }));
  bouncer.command("RELOAD");
  REQUIRE(eventually([&] { return size() == 12; }));
  site.daemon(second).signal(SIGTERM);
  REQUIRE(site.daemon(second).wait(std::chrono::seconds{30}) == 0);
  CHECK(size() == 20);
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.pool_size") == "0");
}

}  // namespace homeostat::testing
