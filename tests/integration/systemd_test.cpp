// SPDX-License-Identifier: Apache-2.0
// What systemd is told by the real daemon, in which order.
#include <algorithm>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/service_manager.hpp"

namespace homeostat::testing {
namespace {

using Words = std::vector<std::string>;

/// A daemon under a service manager that wants a sign of life each half minute.
class Service {
 public:
  Service() : manager_(site.path("notify")) {
    site.environment("NOTIFY_SOCKET=" + site.path("notify"));
    site.environment("WATCHDOG_USEC=30000000");
    // A step a second here: signs of life do not crowd the rest out of the socket's queue.
    site.configure("sampling: {every: 20s, fold: 20s, stale_after: 45s}");
    site.start_daemon();
  }

  /// Waits until it has said this much, signs of life apart, since the last call.
  bool says(const Words& expected) {
    const bool all = eventually([&] {
      listen();
      return said_.size() >= expected.size();
    });
    return all && std::exchange(said_, {}) == expected;
  }
  /// Waits for a sign of life that is sent from now on.
  bool lives() {
    listen();
    alive_ = false;
    return eventually([&] {
      listen();
      return alive_;
    });
  }

  Site site;

 private:
  void listen() {
    while (const auto message = manager_.next()) {
      const auto word = message->substr(0, message->find('\n'));
      if (word == "WATCHDOG=1") {
        alive_ = true;
      } else {
        said_.push_back(word);
      }
    }
  }

  ServiceManager manager_;
  Words said_;
  bool alive_ = false;
};

}  // namespace

TEST_CASE("systemd: hears that the daemon is ready, lives, reloads and stops") {
  Service service;
  auto& site = service.site;
  CHECK(service.says({"READY=1"}));
  CHECK(service.lives());

  site.daemon().signal(SIGHUP);
  CHECK(service.says({"RELOADING=1", "READY=1"}));
  CHECK(service.lives());

  site.configure("show_queries: true");  // needs new connections
  site.rewrite_config();
  site.daemon().signal(SIGHUP);
  CHECK(service.says({"RELOADING=1", "READY=1"}));
  CHECK(service.lives());

  site.daemon().signal(SIGTERM);
  CHECK(site.daemon().wait(std::chrono::seconds{20}) == 0);
  CHECK(service.says({"STOPPING=1"}));
}

TEST_CASE("systemd: a refused reload is over, too") {
  Service service;
  CHECK(service.says({"READY=1"}));
  service.site.write_policies("version: 1\npolicy: circuit-breaker\nkind: braker\n");
  service.site.daemon().signal(SIGHUP);
  CHECK(service.says({"RELOADING=1", "READY=1"}));
  CHECK(service.lives());
}

}  // namespace homeostat::testing
