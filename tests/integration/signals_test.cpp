// SPDX-License-Identifier: Apache-2.0
// Signals at inconvenient moments: whatever comes first, the end is an orderly one.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

std::string open_levers(Site& site) {
  return site.postgres().sql("SELECT count(*) FROM homeostat.lever WHERE status = 'open'");
}

/// A reload of this configuration needs new connections.
void change_connections(Site& site) {
  site.configure("show_queries: true");
  site.rewrite_config();
}

}  // namespace

TEST_CASE("signals: a log that nobody reads any more does not keep it from giving back") {
  Site site;
  site.inject(28, 32);
  site.rewrite_config();
  const auto log = site.path("log.pipe");
  REQUIRE(mkfifo(log.c_str(), 0600) == 0);
  const int reader = open(log.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  ProcessOptions options;
  options.log = log;
  ChildProcess daemon({homeostat_binary(), "run", "--config", site.config_path()}, options);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  close(reader);
  daemon.signal(SIGTERM);
  CHECK(daemon.wait(std::chrono::seconds{20}) == 0);
  CHECK(site.allowed("top_tracks_view"));
  CHECK(open_levers(site) == "0");
}

TEST_CASE("signals: told to reload and to stop, in either order, it stops and gives back") {
  Site site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  change_connections(site);
  const bool reload_first = GENERATE(true, false);
  site.daemon().signal(reload_first ? SIGHUP : SIGTERM);
  // Handled one after the other, not merged: the first is seen in the log.
  const std::string seen = reload_first ? "reloading with new connections" : "stopping";
  REQUIRE(eventually([&] { return site.log().find(seen) != std::string::npos; }));
  site.daemon().signal(reload_first ? SIGTERM : SIGHUP);
  CHECK(site.daemon().wait(std::chrono::seconds{20}) == 0);
  CHECK(site.allowed("top_tracks_view"));
  CHECK(open_levers(site) == "0");
}

TEST_CASE("signals: a reload changes how it logs") {
  Site site;
  site.start_daemon();
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  site.configure("log: {format: json}");
  site.rewrite_config();
  site.daemon().signal(SIGHUP);
  REQUIRE(eventually([&] { return site.log().find("{\"") != std::string::npos; }));
}

}  // namespace homeostat::testing
