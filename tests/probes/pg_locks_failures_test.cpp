// SPDX-License-Identifier: Apache-2.0
// pg_locks when the server, the connection or the privileges are not what they should be.
#include <signal.h>

#include <algorithm>

#include "probes/pg_locks.hpp"
#include "tests/probes/pg_locks_bench.hpp"
#include "tests/support/grants.hpp"

namespace homeostat::testing {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

bool discarded(const Reading& reading) {
  return !reading.samples.empty() &&
         std::all_of(reading.samples.begin(), reading.samples.end(), [](const Sample& sample) {
           return sample.quality == Quality::absent &&
                  sample.reason == AbsentReason::identity_changed;
         });
}

// Two absent readings, then whole ones.
void require_discarded_window(Watch& watch, const Reading& first) {
  REQUIRE(discarded(first));
  REQUIRE(discarded(watch.read()));
  REQUIRE(find(watch.read(), "pg_blocked_ratio").quality != Quality::absent);
}

Reading first_after_failure(Watch& watch) {
  Result<Reading> reading = Error{};
  REQUIRE(eventually([&] {
    reading = watch.sample();
    return reading.has_value();
  }));
  return std::move(*reading);
}

}  // namespace

TEST_CASE("a monitor without pg_read_all_stats is told which GRANT is missing (H66)") {
  Server server;
  server.create_role("\"Plain\"");
  auto options = options_for(server);
  options.address.user = "Plain";
  Watch watch{std::move(options)};
  const auto blind = watch.sample();
  REQUIRE_FALSE(blind.has_value());
  REQUIRE(blind.error().code == ErrorCode::missing_privilege);
  REQUIRE(blind.error().context ==
          "role \"Plain\" cannot see other sessions: GRANT pg_read_all_stats TO \"Plain\"" +
              inherited(server));
  server.sql("GRANT pg_read_all_stats TO \"Plain\"");
  REQUIRE(watch.sample().has_value());
}

TEST_CASE("a monitor that is a member and inherits nothing is told what mends that (H66)") {
  Server server;
  server.create_role("\"Plain\"");
  inherit_nothing(server, "\"Plain\"", "pg_read_all_stats");
  auto options = options_for(server);
  options.address.user = "Plain";
  Watch watch{std::move(options)};
  const auto blind = watch.sample();
  REQUIRE_FALSE(blind.has_value());
  REQUIRE(blind.error().code == ErrorCode::missing_privilege);
  const std::string said = "role \"Plain\" cannot see other sessions: ";
  REQUIRE_THAT(blind.error().context, Catch::Matchers::StartsWith(said));
  server.sql(blind.error().context.substr(said.size()));
  REQUIRE(watch.sample().has_value());
}

TEST_CASE("a privilege revoked from a live session is noticed at the next sample (H14, H66)") {
  const Server server;
  const Storm storm{server, 2};
  Watch watch{options_for(server)};
  REQUIRE(value(watch.read(), "pg_open_transactions") == 3);
  server.sql("REVOKE pg_monitor FROM monitor");
  for (int i = 0; i < 3; ++i) {
    const auto blind = watch.sample();
    REQUIRE_FALSE(blind.has_value());
    REQUIRE(blind.error().code == ErrorCode::missing_privilege);
    REQUIRE_THAT(blind.error().context, Contains("GRANT pg_read_all_stats TO monitor"));
  }
  server.sql("GRANT pg_read_all_stats TO monitor");
  REQUIRE(value(watch.read(), "pg_open_transactions") == 3);
}

TEST_CASE("a server that records no activity is an error, not an idle server") {
  const Server server{{{"track_activities", "off"}}};
  Watch watch{options_for(server)};
  const auto reading = watch.sample();
  REQUIRE_FALSE(reading.has_value());
  REQUIRE_THAT(reading.error().context, Contains("track_activities"));
}

TEST_CASE("the sample works while pg_class and pg_authid are locked, in a storm too (H10)") {
  const Server server;
  const Storm storm{server, 3};
  auto options = options_for(server);
  options.root_blocker_every = 1s;
  Watch watch{std::move(options)};
  REQUIRE(value(watch.read(), "pg_blocked_ratio") == 0.75);
  auto locker = server.client("postgres");
  locker->run(
      "BEGIN; LOCK pg_class, pg_authid, pg_proc, pg_database, pg_auth_members, pg_type "
      "IN ACCESS EXCLUSIVE MODE");
  for (int i = 0; i < 3; ++i) REQUIRE(value(watch.read(), "pg_blocked_ratio") == 0.6);
}

TEST_CASE("a frozen server is a timeout, then unavailable, and whole again after it thaws (H9)") {
  Server server;
  Watch watch{options_for(server)};
  REQUIRE(watch.sample().has_value());
  server.freeze();
  for (int i = 0; i < 3; ++i) {
    const auto reading = watch.sample(100ms);
    REQUIRE_FALSE(reading.has_value());
    REQUIRE((reading.error().code == ErrorCode::timeout ||
             reading.error().code == ErrorCode::unavailable));
    if (i == 0) REQUIRE(reading.error().code == ErrorCode::timeout);
  }
  server.thaw();
  const auto reading = first_after_failure(watch);
  // The same server, no counter lost: nothing to discard.
  REQUIRE(find(reading, "pg_blocked_ratio").quality != Quality::absent);
  REQUIRE(value(reading, "pg_blocked_session_seconds_total") == 0);
}

TEST_CASE("the kill of one backend resets counters, and costs two readings, no breach (H4)") {
  const Server server;
  Watch watch{options_for(server)};
  REQUIRE(watch.sample().has_value());
  auto victim = server.client();
  REQUIRE(kill(victim->pid(), SIGKILL) == 0);
  REQUIRE(eventually([&] { return !watch.sample().has_value(); }));
  require_discarded_window(watch, first_after_failure(watch));
}

TEST_CASE("a counter that goes back discards the window although the server is the same (H4)") {
  const Server server{{{"deadlock_timeout", "20ms"}}};
  Watch watch{options_for(server)};
  {
    auto left = server.client();
    auto right = server.client();
    left->run("BEGIN; UPDATE hot SET n = 1 WHERE id = 1");
    right->run("BEGIN; UPDATE hot SET n = 1 WHERE id = 2");
    left->send("UPDATE hot SET n = 1 WHERE id = 2");
    right->send("UPDATE hot SET n = 1 WHERE id = 1");
    left->finish();
    right->finish();
  }
  REQUIRE(eventually([&] { return value(watch.read(), "pg_deadlocks_total") == 1; }));
  server.sql("SELECT pg_stat_reset()");
  require_discarded_window(watch, watch.read());
  REQUIRE(value(watch.read(), "pg_deadlocks_total") == 0);
}

TEST_CASE("a restart is an outage, then two discarded readings") {
  Server server;
  Watch watch{options_for(server)};
  REQUIRE(watch.sample().has_value());
  server.restart();
  const auto lost = watch.sample();
  REQUIRE_FALSE(lost.has_value());
  REQUIRE(lost.error().code == ErrorCode::unavailable);
  require_discarded_window(watch, first_after_failure(watch));
}

TEST_CASE("the time between two attempts to connect is left to the back-off") {
  Server server;
  Watch watch{options_for(server)};
  server.stop();
  REQUIRE_FALSE(watch.sample().has_value());
  server.start();
  // 125 to 250 ms after the failure, by the probe's own time.
  watch.now -= 900ms;
  const auto waiting = watch.sample();
  REQUIRE_FALSE(waiting.has_value());
  REQUIRE(waiting.error().code == ErrorCode::unavailable);
  REQUIRE(watch.sample().has_value());
}

TEST_CASE("blocked session-seconds do not count a gap in the sampling") {
  Server server;
  const Storm storm{server, 2};
  Watch watch{options_for(server)};
  watch.read();
  REQUIRE(value(watch.read(), "pg_blocked_session_seconds_total") == Approx(2));
  server.freeze();
  REQUIRE_FALSE(watch.sample(100ms).has_value());
  server.thaw();
  const auto reading = first_after_failure(watch);
  REQUIRE(value(reading, "pg_blocked_session_seconds_total") == Approx(2));
  REQUIRE(value(watch.read(), "pg_blocked_session_seconds_total") == Approx(4));
}

}  // namespace homeostat::testing
