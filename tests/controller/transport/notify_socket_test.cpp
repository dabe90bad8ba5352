// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/notify_socket.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <map>

#include "tests/support/scratch_directory.hpp"
#include "tests/support/service_manager.hpp"

namespace homeostat {
namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(Variables variables) {
  return [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(std::string(name));
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

/// The manager's end, asked for a message that must have been sent already.
class Manager : public testing::ServiceManager {
 public:
  using ServiceManager::ServiceManager;
  std::string next() const { return ServiceManager::next().value_or("(nothing)"); }
};

}  // namespace

TEST_CASE("the service manager hears what is said, one datagram a message") {
  const testing::ScratchDirectory scratch;
  const auto path = scratch.path() + "/notify";
  const Manager manager(path);
  NotifySocket notify(environment({{"NOTIFY_SOCKET", path}}), 1);
  REQUIRE(notify.ready("watching 1 node"));
  REQUIRE(manager.next() == "READY=1\nSTATUS=watching 1 node");
  REQUIRE(notify.reloading("on SIGHUP"));
  REQUIRE(manager.next() == "RELOADING=1\nSTATUS=on SIGHUP");
  REQUIRE(notify.stopping("reverting"));
  REQUIRE(manager.next() == "STOPPING=1\nSTATUS=reverting");
  REQUIRE(notify.status("fine"));
  REQUIRE(manager.next() == "STATUS=fine");
  REQUIRE(notify.watchdog());
  REQUIRE(manager.next() == "WATCHDOG=1");
}

TEST_CASE("a line break in a status starts no assignment of its own") {
  const testing::ScratchDirectory scratch;
  const auto path = scratch.path() + "/notify";
  const Manager manager(path);
  NotifySocket notify(environment({{"NOTIFY_SOCKET", path}}), 1);
  REQUIRE(notify.status("bad file\nMAINPID=1"));
  REQUIRE(manager.next() == "STATUS=bad file MAINPID=1");
}

TEST_CASE("a socket name with a leading @ is abstract") {
  const auto name = "homeostat-test-" + std::to_string(::getpid());
  const Manager manager(std::string(1, '\0') + name);
  NotifySocket notify(environment({{"NOTIFY_SOCKET", "@" + name}}), 1);
  REQUIRE(notify.watchdog());
  REQUIRE(manager.next() == "WATCHDOG=1");
}

TEST_CASE("without a manager nothing is sent and nothing fails") {
  const auto variables = GENERATE(Variables{}, Variables{{"NOTIFY_SOCKET", ""}},
                                  Variables{{"NOTIFY_SOCKET", "relative"}},
                                  Variables{{"NOTIFY_SOCKET", "/no/such/socket"}},
                                  Variables{{"NOTIFY_SOCKET", "/" + std::string(200, 'x')}});
  NotifySocket notify(environment(variables), 1);
  REQUIRE_FALSE(notify.ready("x"));
  REQUIRE_FALSE(notify.watchdog_interval().has_value());
}

TEST_CASE("a manager that does not read never blocks the sender") {
  const testing::ScratchDirectory scratch;
  const auto path = scratch.path() + "/notify";
  const Manager manager(path);
  NotifySocket notify(environment({{"NOTIFY_SOCKET", path}}), 1);
  int taken = 0;
  while (taken < 100'000 && notify.watchdog()) ++taken;
  REQUIRE(taken > 0);
  REQUIRE(taken < 100'000);
}

TEST_CASE("the watchdog is due at half its interval, and only for the process it names") {
  const auto interval = [](Variables variables) {
    return NotifySocket(environment(std::move(variables)), 42).watchdog_interval();
  };
  REQUIRE(interval({{"WATCHDOG_USEC", "30000000"}}) == std::chrono::seconds{15});
  REQUIRE(interval({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "42"}}) ==
          std::chrono::seconds{15});
  REQUIRE_FALSE(interval({{"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", "43"}}).has_value());
  REQUIRE_FALSE(interval({{"WATCHDOG_USEC", "30s"}}).has_value());
  REQUIRE_FALSE(interval({{"WATCHDOG_USEC", "0"}}).has_value());
}

}  // namespace homeostat
