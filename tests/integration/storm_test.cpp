// SPDX-License-Identifier: Apache-2.0
// A real lock storm, made by sessions that ask homeostat.allowed before they take part in it.
#include <algorithm>
#include <atomic>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"

namespace homeostat::testing {
namespace {

/// Bulk sessions that hold one hot row while they work, critical ones that need it, and readers
/// that need no lock: so that the traffic goes on when nobody waits any more.
class Storm {
 public:
  explicit Storm(Site& site) {
    for (int i = 0; i < 4; ++i) {
      threads_.emplace_back([this, address = site.postgres().address()] { bulk(address); });
    }
    for (int i = 0; i < 8; ++i) {
      threads_.emplace_back([this, address = site.postgres().address()] { critical(address); });
      threads_.emplace_back([this, address = site.postgres().address()] { reader(address); });
    }
  }
  ~Storm() { end(); }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;

  /// The bulk work is done; the critical sessions go on.
  void end_bulk() { bulk_ = false; }
  void end() {
    bulk_ = false;
    running_ = false;
    for (auto& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void bulk(const pg::Address& address) {
    PgClient client(address);
    while (bulk_) {
      if (client.run("SELECT homeostat.allowed('top_tracks_view', 'refresh')") == "t") {
        client.run("BEGIN; UPDATE hot SET plays = plays + 1; SELECT pg_sleep(0.1); COMMIT");
      } else {
        client.run("SELECT pg_sleep(0.05)");
      }
    }
  }
  void critical(const pg::Address& address) {
    PgClient client(address);
    while (running_) {
      client.run("UPDATE hot SET plays = plays + 1");
      client.run("SELECT pg_sleep(0.02)");
    }
  }

  void reader(const pg::Address& address) {
    PgClient client(address);
    while (running_) client.run("BEGIN; SELECT pg_sleep(0.05); COMMIT");
  }

  std::atomic<bool> bulk_{true};
  std::atomic<bool> running_{true};
  std::vector<std::thread> threads_;
};

/// The lock waits of node main are over while a rung stands: the newest sample is the server's own
/// (empty, or next to nobody waits), and so says the folded ratio, below the policy's clear level.
bool relieved(const Site& site) {
  const auto verdict = site.verdict();
  if (verdict.at("rung") < 1) return false;
  const auto& evidence = verdict.at("evidence").at(0);
  return evidence.at("quality") != "absent" && evidence.at("numerator") <= 1 &&
         evidence.value("judged", 1.0) < 0.15;
}

/// Whether an act of the policy brought what its `expect:` had promised.
bool promise_kept(const Site& site) {
  const auto body = site.get("/v1/effects?policy=circuit-breaker");
  if (!body) return false;
  const auto effects = nlohmann::json::parse(*body).at("effects");
  return std::any_of(effects.begin(), effects.end(), [](const nlohmann::json& record) {
    const auto& effect = record.at("effect");
    return effect.at("signal") == "pg_blocked_ratio" && effect.at("rung") >= 1 &&
           effect.at("outcome") == "effective" && effect.at("before") > 0.2;
  });
}

}  // namespace

TEST_CASE("storm: a real lock storm is noticed, shed, shown to be over, and all is given back") {
  Site site;
  site.postgres().sql("CREATE TABLE hot (plays bigint); INSERT INTO hot VALUES (0)");
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  CHECK(site.allowed("top_tracks_view"));

  Storm storm(site);
  REQUIRE(eventually([&] { return site.rung() >= 1; }));
  CHECK_FALSE(site.allowed("top_tracks_view"));
  // The bulk sessions still want to work: that they are told no is what ends the storm.
  REQUIRE(eventually([&] { return relieved(site); }));

  storm.end_bulk();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  REQUIRE(eventually([&] { return site.status().at("levers").empty(); }));
  CHECK(site.allowed("top_tracks_view"));
  storm.end();
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.lever WHERE status = 'open'") == "0");
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.act WHERE kind = 'apply'") != "0");

  // What the acts changed in the signal of `expect:` is on record, and it is what was promised.
  REQUIRE(eventually([&] { return promise_kept(site); }));
}

}  // namespace homeostat::testing
