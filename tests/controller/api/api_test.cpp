// SPDX-License-Identifier: Apache-2.0
#include "controller/api/api.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/controller/api/reports.hpp"
#include "tests/support/fakes.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using Catch::Matchers::Contains;
using nlohmann::json;

struct World {
  World() : api({[this] { return report; }, history, clock}, "127.0.0.1", 30s) {}
  HttpAnswer get(const std::string& path, std::map<std::string, std::string> query = {}) const {
    return api.answer({path, std::move(query), "127.0.0.1:9780"});
  }
  void publish() {
    auto next = full_report();
    next.at = clock.now();
    report = std::make_shared<const Report>(std::move(next));
  }

  std::shared_ptr<const Report> report;
  FakeHistory history;
  fakes::FakeClock clock;
  Api api;
};

std::string header(const HttpAnswer& answer, const std::string& name) {
  std::string all;
  for (const auto& [key, value] : answer.headers) {
    if (key == name) all += value;
  }
  return all;
}

}  // namespace

TEST_CASE("livez asks only whether the loop steps: three ticks of grace, and 30 s at least") {
  World world;
  REQUIRE(world.get("/livez").status == 200);
  world.clock.advance(91s);
  REQUIRE(world.get("/livez").status == 503);  // no first step in all that time
  world.publish();
  REQUIRE(world.get("/livez").status == 200);
  world.clock.advance(90s);
  REQUIRE(world.get("/livez").status == 200);
  world.clock.advance(1s);
  REQUIRE(world.get("/livez").status == 503);
  REQUIRE_THAT(world.get("/livez").body, Contains("91 s ago"));
}

TEST_CASE("livez gives a short tick 30 s, and follows a reload") {
  World world;
  world.api.set_tick(3s);
  world.publish();
  world.clock.advance(30s);
  REQUIRE(world.get("/livez").status == 200);
  world.clock.advance(1s);
  REQUIRE(world.get("/livez").status == 503);
}

TEST_CASE("a dead database and a lost lease fail neither livez nor readyz") {
  World world;
  world.publish();
  auto blind = *world.report;
  blind.probes[0].up = false;
  blind.leader = false;
  blind.bar = ForwardBar::ledger_lost;
  world.report = std::make_shared<const Report>(blind);
  REQUIRE(world.get("/livez").status == 200);
  REQUIRE(world.get("/readyz").status == 200);
}

TEST_CASE("before the first step only livez and the past answer") {
  World world;
  for (const std::string path : {"/readyz", "/metrics", "/v1/status", "/v1/policies"}) {
    CAPTURE(path);
    REQUIRE(world.get(path).status == 503);
  }
  REQUIRE(world.get("/v1/decisions").status == 200);
  world.publish();
  for (const std::string path : {"/readyz", "/metrics", "/v1/status", "/v1/policies"}) {
    CAPTURE(path);
    REQUIRE(world.get(path).status == 200);
  }
}

TEST_CASE("status is the report and policies are whole") {
  World world;
  world.publish();
  const auto status = json::parse(world.get("/v1/status").body);
  REQUIRE(status["epoch"] == 7);
  REQUIRE(status["verdicts"][0]["state"] == "open");
  const auto policies = json::parse(world.get("/v1/policies").body);
  REQUIRE(policies["policies"].size() == 1);
  REQUIRE(policies["policies"][0]["name"] == "circuit-breaker");
}

TEST_CASE("decisions, acts and effects come from the journal with their wall time") {
  World world;
  const auto decisions = json::parse(world.get("/v1/decisions").body);
  REQUIRE(decisions["decisions"][0]["wall_us"] == 100'000'000);
  REQUIRE(decisions["decisions"][0]["verdict"]["policy"] == "circuit-breaker");
  const auto acts = json::parse(world.get("/v1/acts").body);
  REQUIRE(acts["acts"][0]["wall_us"] == 200'000'000);
  REQUIRE(acts["acts"][0]["act"]["policy"] == "circuit-breaker");
  const auto effects = json::parse(world.get("/v1/effects").body);
  REQUIRE(effects["effects"][0]["wall_us"] == 300'000'000);
  REQUIRE(effects["effects"][0]["effect"]["signal"] == "pg_blocked_ratio");
}

TEST_CASE("the journal is asked for exactly what the parameters say") {
  World world;
  REQUIRE(world.get("/v1/decisions").status == 200);
  REQUIRE(world.history.asked->limit == 50);
  REQUIRE_FALSE(world.history.asked->policy.has_value());
  const auto answer = world.get("/v1/decisions", {{"policy", "circuit-breaker"},
                                                  {"subject", "node/main"},
                                                  {"from", "1970-01-01T00:00:01Z"},
                                                  {"at", "1970-01-01T01:00:02+01:00"},
                                                  {"limit", "1"}});
  REQUIRE(answer.status == 200);
  REQUIRE(world.history.asked->policy == "circuit-breaker");
  REQUIRE(world.history.asked->subject == kMain);
  REQUIRE(world.history.asked->from == WallTime{1s});
  REQUIRE(world.history.asked->until == WallTime{2s});
  REQUIRE(world.history.asked->limit == 1);
}

TEST_CASE("a parameter that cannot be read is named, and the journal is not asked") {
  World world;
  const auto [name, value] = GENERATE(table<std::string, std::string>({{"limit", "0"},
                                                                       {"limit", "1001"},
                                                                       {"limit", "ten"},
                                                                       {"limit", "1x"},
                                                                       {"at", "yesterday"},
                                                                       {"from", "2026-03-01"},
                                                                       {"subject", "main"},
                                                                       {"polcy", "x"}}));
  const auto answer = world.get("/v1/decisions", {{name, value}});
  REQUIRE(answer.status == 400);
  REQUIRE_THAT(json::parse(answer.body)["error"].get<std::string>(), Contains(name + "="));
  REQUIRE_FALSE(world.history.asked.has_value());
}

TEST_CASE("a journal that cannot be read is 503 and says why") {
  World world;
  world.history.failure = Error{ErrorCode::storage, "disk I/O error", {}};
  for (const std::string path : {"/v1/decisions", "/v1/acts", "/v1/effects"}) {
    const auto answer = world.get(path);
    REQUIRE(answer.status == 503);
    REQUIRE(json::parse(answer.body)["error"] == "disk I/O error");
  }
}

TEST_CASE("a consumer's window is answered until it expires, by who leads") {
  World world;
  world.publish();
  const auto ask = [&](const std::map<std::string, std::string>& query) {
    return world.api.answer({"/v1/batch-window", query, "127.0.0.1:9780"});
  };
  REQUIRE(ask({}).status == 400);
  REQUIRE(ask({{"group", "play-counts"}, {"gruop", "x"}}).status == 400);
  REQUIRE(ask({{"group", "others"}}).status == 404);
  const auto answer = ask({{"group", "play-counts"}});
  REQUIRE(answer.status == 200);
  REQUIRE(json::parse(answer.body) == json{{"group", "play-counts"},
                                           {"window_ms", 37.5},
                                           {"drain_limit", 10'000},
                                           {"epoch", 17},
                                           {"expires_at_ms", 4'000'000},
                                           {"reason", "batch-window: a test"}});
  auto standby = *world.report;
  standby.leader = false;
  standby.lease_holder = "other:1";
  world.report = std::make_shared<const Report>(standby);
  REQUIRE(ask({{"group", "play-counts"}}).status == 503);
  REQUIRE_THAT(ask({{"group", "play-counts"}}).body, Contains("does not lead: other:1"));
  world.publish();
  world.clock.advance(24h * 365 * 100);
  REQUIRE(ask({{"group", "play-counts"}}).status == 404);
}

TEST_CASE("a gateway asks for its zone's limit, of the leader only, while it stands and is ours") {
  World world;
  world.publish();
  OpenLever lever;
  lever.row.key = {"admission", "zone/main"};
  lever.row.value.arguments = {{"concurrency", 12.5}, {"queue_limit", 0.25}};
  lever.row.token = {17, 4};
  lever.row.remaining = 60s;
  auto report = *world.report;
  report.leader = true;
  report.levers.push_back(lever);
  const auto ask = [&](const std::map<std::string, std::string>& query) {
    world.report = std::make_shared<const Report>(report);
    return world.api.answer({"/v1/admission", query, "127.0.0.1:9780"});
  };
  REQUIRE(ask({}).status == 400);
  REQUIRE(ask({{"zone", "main"}, {"zoen", "x"}}).status == 400);
  REQUIRE(ask({{"zone", "others"}}).status == 404);
  report.wall = world.clock.wall();
  const auto answer = ask({{"zone", "main"}});
  REQUIRE(answer.status == 200);
  const auto expires = (report.wall + 60s).time_since_epoch().count() / 1000;
  REQUIRE(json::parse(answer.body) == json{{"zone", "main"},
                                           {"concurrency", 12.5},
                                           {"queue_limit", 0.25},
                                           {"epoch", 17},
                                           {"expires_at_ms", expires}});
  report.levers.back().drifted = true;
  REQUIRE(ask({{"zone", "main"}}).status == 404);
  report.levers.back().drifted = false;
  report.leader = false;
  report.lease_holder = "other:1";
  REQUIRE(ask({{"zone", "main"}}).status == 503);
  REQUIRE_THAT(ask({{"zone", "main"}}).body, Contains("does not lead: other:1"));
  report.leader = true;
  world.clock.advance(60s);
  REQUIRE(ask({{"zone", "main"}}).status == 404);
}

TEST_CASE("a gateway is told which share of a zone in recovery is let in, the least that stands") {
  World world;
  world.publish();
  auto report = *world.report;
  report.leader = true;
  report.wall = world.clock.wall();
  Policy isolation;
  isolation.escalate.emplace();
  isolation.escalate->holders = {{{SubjectKind::zone, "east"}, {SubjectKind::node, "one"}}};
  report.policies = {isolation};
  const auto stand = [&](const std::string& lever, const std::string& target, LeverValue value,
                         Duration remaining) {
    OpenLever open;
    open.row.key = {lever, target};
    open.row.value = std::move(value);
    open.row.token = {17, 4};
    open.row.remaining = remaining;
    report.levers.push_back(open);
  };
  const auto ask = [&](const std::string& zone) {
    world.report = std::make_shared<const Report>(report);
    return world.api.answer({"/v1/admission", {{"zone", zone}}, "127.0.0.1:9780"});
  };
  stand("zone", "node/one", {{{"admit", 0.05}}}, 60s);
  const auto body = json::parse(ask("east").body);
  REQUIRE(body.at("admit") == 0.05);
  REQUIRE(body.at("zone") == "east");
  REQUIRE_FALSE(body.contains("concurrency"));
  REQUIRE(ask("west").status == 404);
  stand("admission", "zone/east", {{{"concurrency", 12.0}}}, 90s);
  stand("zone", "zone/east", {{{"admit", 0.25}}}, 30s);
  const auto all = json::parse(ask("east").body);
  REQUIRE(all.at("admit") == 0.05);
  REQUIRE(all.at("concurrency") == 12.0);
  REQUIRE(all.at("expires_at_ms") == (report.wall + 30s).time_since_epoch().count() / 1000);
}

TEST_CASE("a path that is none is 404, near misses too") {
  World world;
  world.publish();
  const auto path = GENERATE(as<std::string>{}, "", "/v1", "/v1/status/", "/V1/status",
                             "/../etc/passwd", "//metrics", "/favicon.ico");
  REQUIRE(world.get(path).status == 404);
}

TEST_CASE("a name that was rebound to this machine is turned away from every route") {
  World world;
  world.publish();
  for (const std::string path : {"/", "/metrics", "/livez", "/v1/status", "/nowhere"}) {
    const auto answer = world.api.answer({path, {}, "evil.example:9780"});
    REQUIRE(answer.status == 421);
    REQUIRE_THAT(answer.body, !Contains("circuit-breaker"));
  }
}

TEST_CASE("every answer forbids sniffing, framing and caching, and none allows another origin") {
  World world;
  world.publish();
  for (const std::string path : {"/", "/metrics", "/livez", "/v1/status", "/nowhere"}) {
    CAPTURE(path);
    const auto answer = world.get(path);
    REQUIRE(header(answer, "X-Content-Type-Options") == "nosniff");
    REQUIRE(header(answer, "X-Frame-Options") == "DENY");
    REQUIRE(header(answer, "Cache-Control") == "no-store");
    REQUIRE_THAT(header(answer, "Content-Security-Policy"), Contains("default-src 'none'"));
    REQUIRE(header(answer, "Access-Control-Allow-Origin").empty());
  }
}

TEST_CASE("the page loads nothing from elsewhere and its policy allows only its own script") {
  World world;
  const auto page = world.get("/");
  REQUIRE(page.status == 200);
  REQUIRE_THAT(page.content_type, Contains("text/html"));
  REQUIRE_THAT(page.body, Contains("fetch('/v1/status')"));
  for (const std::string foreign : {"http://", "https://", "src=", "innerHTML", "style="}) {
    REQUIRE_THAT(page.body, !Contains(foreign));
  }
  const auto policy = header(page, "Content-Security-Policy");
  REQUIRE_THAT(policy, Contains("script-src 'sha256-"));
  REQUIRE_THAT(policy, !Contains("unsafe"));
}

TEST_CASE("bytes that are no UTF-8 in a server's message do not break status") {
  World world;
  auto report = full_report();
  report.probes[1].error = "caf\xe9";
  world.report = std::make_shared<const Report>(report);
  const auto answer = world.get("/v1/status");
  REQUIRE(answer.status == 200);
  REQUIRE(json::parse(answer.body)["probes"][1]["error"] == "caf\xef\xbf\xbd");
}

}  // namespace homeostat
