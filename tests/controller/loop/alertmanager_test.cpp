// SPDX-License-Identifier: Apache-2.0
// Against stock Alertmanagers (Debian's prometheus-alertmanager).
#include "controller/loop/alertmanager.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <catch2/catch.hpp>

#include "controller/loop/system_clock.hpp"
#include "tests/support/alertmanager_server.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using testing::AlertmanagerServer;
using testing::run_coroutine;

AlertmanagerSettings brisk() {
  AlertmanagerSettings settings;
  settings.resend = std::chrono::milliseconds{200};
  settings.first_retry = std::chrono::milliseconds{50};
  return settings;
}

Alert alert(const std::string& name, const SystemClock& clock) {
  Alert result;
  result.labels = {{"alertname", name}};
  result.annotations = {{"summary", "a test"}};
  result.starts = clock.wall();
  return result;
}

/// A sink that runs, and the loop it runs on.
struct Sink {
  explicit Sink(std::vector<std::string> urls, AlertmanagerSettings settings = {})
      : sink(io.get_executor(), clock, std::move(urls), settings) {
    auto done = [this](std::exception_ptr failed) {
      ended = true;
      if (failed) std::rethrow_exception(failed);
    };
    asio::co_spawn(io, sink.run(), std::move(done));
  }

  void publish(const std::vector<std::string>& names) {
    std::vector<Alert> active;
    for (const auto& name : names) active.push_back(alert(name, clock));
    sink.publish(std::move(active), clock.wall());
  }

  /// Runs the loop until `condition` holds; false when it never does.
  template <class Condition>
  bool until(Condition condition) {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds{60};
    while (!condition()) {
      if (std::chrono::steady_clock::now() > patience) return false;
      io.run_one_for(std::chrono::milliseconds{20});
    }
    return true;
  }
  bool until_fires(const AlertmanagerServer& server, const std::string& name) {
    return until([&] { return fires(server, name); });
  }
  static bool fires(const AlertmanagerServer& server, const std::string& name) {
    return server.alerts().find("\"" + name + "\"") != std::string::npos;
  }

  asio::io_context io;
  SystemClock clock;
  Alertmanager sink;
  bool ended = false;
};

/// Takes every webhook notification and keeps its body.
struct Receiver {
  explicit Receiver(asio::io_context& io)
      : acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {
    const auto rethrow = [](std::exception_ptr failed) {
      if (failed) std::rethrow_exception(failed);
    };
    asio::co_spawn(io, serve(), rethrow);
  }
  std::string url() const {
    return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/";
  }
  asio::awaitable<void> serve() {
    boost::system::error_code ec;
    while (acceptor.is_open()) {
      tcp::socket socket(acceptor.get_executor());
      co_await acceptor.async_accept(socket, asio::use_awaitable);
      boost::beast::flat_buffer buffer;
      http::request<http::string_body> request;
      co_await http::async_read(socket, buffer, request,
                                asio::redirect_error(asio::use_awaitable, ec));
      bodies += request.body();
      const std::string answer =
          "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      co_await asio::async_write(socket, asio::buffer(answer),
                                 asio::redirect_error(asio::use_awaitable, ec));
    }
  }
  bool heard(const std::string& text) const { return bodies.find(text) != std::string::npos; }

  tcp::acceptor acceptor;
  std::string bodies;
};

}  // namespace

TEST_CASE("a stock Alertmanager notifies of an alert that fires and then that it is resolved") {
  Sink sink({});  // lends its loop to the receiver
  Receiver receiver(sink.io);
  const AlertmanagerServer server(receiver.url());
  Sink sender({server.url()});
  const auto both = [&](const std::string& text) {
    return sender.until([&] {
      sink.io.poll();
      return receiver.heard(text);
    });
  };
  sender.publish({"Storm"});
  REQUIRE(both(R"("status":"firing")"));
  REQUIRE(Sink::fires(server, "Storm"));
  REQUIRE_FALSE(receiver.heard(R"("status":"resolved")"));
  sender.publish({});
  REQUIRE(both(R"("status":"resolved")"));
  REQUIRE_FALSE(Sink::fires(server, "Storm"));
  REQUIRE(sender.sink.failures().at(server.url()) == 0);
}

TEST_CASE("a dead Alertmanager is counted and does not keep the other from hearing (H38)") {
  const AlertmanagerServer alive;
  const auto dead = "http://127.0.0.1:" + std::to_string(testing::free_port());
  Sink sink({dead, alive.url()}, brisk());
  sink.publish({"Storm"});
  REQUIRE(sink.until_fires(alive, "Storm"));
  REQUIRE(sink.until([&] { return sink.sink.failures().at(dead) >= 2; }));
  REQUIRE(sink.sink.failures().at(alive.url()) == 0);
  sink.publish({});
  REQUIRE(sink.until([&] { return !Sink::fires(alive, "Storm"); }));
}

TEST_CASE("an Alertmanager that hangs delays neither the other nor the end (H38)") {
  const AlertmanagerServer alive;
  const AlertmanagerServer frozen;
  frozen.freeze();
  auto settings = brisk();
  settings.timeout = std::chrono::hours{1};  // only stop() can end its request
  Sink sink({frozen.url(), alive.url()}, settings);
  sink.publish({"Storm"});
  REQUIRE(sink.until_fires(alive, "Storm"));
  sink.publish({});
  run_coroutine(sink.io, sink.sink.stop(std::chrono::milliseconds{500}));
  REQUIRE_FALSE(Sink::fires(alive, "Storm"));
  REQUIRE(sink.until([&] { return sink.ended; }));
  frozen.thaw();
}

TEST_CASE("stop sends the ends that were just published before it returns") {
  const AlertmanagerServer server;
  Sink sink({server.url()});
  sink.publish({"Storm"});
  REQUIRE(sink.until_fires(server, "Storm"));
  sink.publish({});
  run_coroutine(sink.io, sink.sink.stop(std::chrono::seconds{30}));
  REQUIRE_FALSE(Sink::fires(server, "Storm"));
}

TEST_CASE("stop alone resolves nothing, for a successor goes on") {
  const AlertmanagerServer server;
  Sink sink({server.url()});
  sink.publish({"Storm"});
  REQUIRE(sink.until_fires(server, "Storm"));
  run_coroutine(sink.io, sink.sink.stop(std::chrono::seconds{30}));
  REQUIRE(Sink::fires(server, "Storm"));
}

TEST_CASE("a batch that gets 400 is not retried, and its good alerts arrive") {
  const AlertmanagerServer server;
  Sink sink({server.url()});  // the regular interval: one minute
  std::vector<Alert> active{alert("Good", sink.clock), Alert{}};
  active[1].labels = {{"not a label name", "x"}};
  active[1].starts = sink.clock.wall();
  sink.sink.publish(active, sink.clock.wall());
  REQUIRE(sink.until([&] { return sink.sink.failures().at(server.url()) == 1; }));
  REQUIRE(Sink::fires(server, "Good"));
  active.push_back(alert("Another", sink.clock));
  sink.sink.publish(active, sink.clock.wall());
  REQUIRE(sink.until_fires(server, "Another"));
  active.push_back(alert("Third", sink.clock));  // sent only after that answer was read
  sink.sink.publish(active, sink.clock.wall());
  REQUIRE(sink.until_fires(server, "Third"));
  REQUIRE(sink.sink.failures().at(server.url()) == 1);  // the bad one was not sent along again
}

TEST_CASE("an Alertmanager that lost its memory hears of what still fires") {
  AlertmanagerServer server;
  Sink sink({server.url()}, brisk());
  sink.publish({"Storm"});
  REQUIRE(sink.until_fires(server, "Storm"));
  server.restart();
  REQUIRE(sink.until_fires(server, "Storm"));
}

TEST_CASE("an Alertmanager that was down hears what fires when it is back, not what is over") {
  AlertmanagerServer server;
  server.kill();
  Sink sink({server.url()}, brisk());
  sink.publish({"Over", "Storm"});
  REQUIRE(sink.until([&] { return sink.sink.failures().at(server.url()) >= 1; }));
  sink.publish({"Storm"});
  server.restart();
  REQUIRE(sink.until_fires(server, "Storm"));
  REQUIRE_FALSE(Sink::fires(server, "Over"));
}

TEST_CASE("a password in a URL never reaches metrics") {
  Sink sink({"http://user:hunter2@127.0.0.1:9093/"});
  REQUIRE(sink.sink.failures().contains("http://127.0.0.1:9093"));
}

}  // namespace homeostat
