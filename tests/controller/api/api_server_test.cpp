// SPDX-License-Identifier: Apache-2.0
// The routes through a real server and a real client.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/api/api.hpp"
#include "controller/transport/http_client.hpp"
#include "tests/controller/api/reports.hpp"
#include "tests/support/fakes.hpp"
#include "tests/support/http_served.hpp"

namespace homeostat {
namespace {

using namespace testing;
using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

constexpr auto kPatience = std::chrono::seconds{30};  // waited out by a failing test only

struct Daemon {
  Daemon()
      : report(std::make_shared<const Report>(full_report())),
        api({[this] { return report; }, history, clock}, "127.0.0.1", std::chrono::seconds{30}),
        served([this](const HttpRequest& request) { return api.answer(request); }) {}

  std::shared_ptr<const Report> report;
  FakeHistory history;
  fakes::FakeClock clock;
  Api api;
  Served served;
};

}  // namespace

TEST_CASE("a client reads every route over one real server") {
  Daemon daemon;
  for (const std::string path :
       {"/", "/metrics", "/readyz", "/v1/status", "/v1/policies",
        "/v1/decisions?policy=circuit-breaker&limit=5", "/v1/acts", "/v1/effects"}) {
    CAPTURE(path);
    const auto url = daemon.served.url(path);
    const auto response = run_coroutine(daemon.served.io, http_get(url, kPatience));
    REQUIRE(response.has_value());
    REQUIRE((*response).status == 200);
    REQUIRE_FALSE((*response).body.empty());
  }
}

TEST_CASE("metrics have the content type that Prometheus asks for") {
  Daemon daemon;
  const auto url = daemon.served.url("/metrics");
  const auto response = run_coroutine(daemon.served.io, http_get(url, kPatience));
  REQUIRE(response.has_value());
  REQUIRE((*response).content_type == "text/plain; version=0.0.4; charset=utf-8");
}

TEST_CASE("no route can be posted to (H46)") {
  Daemon daemon;
  for (const std::string path : {"/", "/metrics", "/livez", "/v1/status", "/v1/decisions"}) {
    CAPTURE(path);
    const auto url = daemon.served.url(path);
    const auto response = run_coroutine(daemon.served.io, http_post_json(url, "{}", kPatience));
    REQUIRE(response.has_value());
    REQUIRE((*response).status == 405);
  }
}

TEST_CASE("the headers of an answer reach the client, and a rebound name gets nothing") {
  Daemon daemon;
  const auto ask = [&](const std::string& host) {
    return run_coroutine(daemon.served.io, converse(daemon.served.endpoint(),
                                                    "GET /v1/status HTTP/1.1\r\nHost: " + host +
                                                        "\r\nConnection: close\r\n\r\n"));
  };
  const auto good = ask("localhost:9780");
  REQUIRE_THAT(good, StartsWith("HTTP/1.1 200"));
  REQUIRE_THAT(good, Contains("X-Content-Type-Options: nosniff\r\n"));
  const auto rebound = ask("evil.example");
  REQUIRE_THAT(rebound, StartsWith("HTTP/1.1 421"));
  REQUIRE_THAT(rebound, !Contains("circuit-breaker"));
}

}  // namespace homeostat
