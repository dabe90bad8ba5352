// SPDX-License-Identifier: Apache-2.0
// `homeostat pause` and `resume`, by an operator with a login of her own.
#include <catch2/catch.hpp>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/integration/site.hpp"
#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

using Catch::Matchers::Contains;

class OperatedSite : public Site {
 public:
  OperatedSite() {
    postgres().sql("CREATE ROLE alice LOGIN; GRANT homeostat_operator TO alice");
    postgres().sql("CREATE ROLE bob LOGIN");
  }

  Finished as(const std::string& user, std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--config", config_path(), "--user", user});
    return homeostat(arguments);
  }

  /// What the newest verdict about `circuit-breaker` did.
  std::string step(int number) const {
    const auto now = status(number);
    for (const auto& verdict : now.at("verdicts")) {
      if (verdict.at("policy") == "circuit-breaker") return verdict.at("step");
    }
    return {};
  }
};

}  // namespace

TEST_CASE("pause: nothing moves forward until it is resumed, across a kill -9 too (H37, S7)") {
  OperatedSite site;
  const int first = site.start_daemon();
  const auto paused =
      site.as("alice", {"pause", "--for", "10m", "--reason", "index build, ticket 4711"});
  CHECK(paused.status == 0);
  CHECK_THAT(paused.output, Contains("cluster is paused by alice until"));
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.step(first) == "blocked"; }));
  CHECK(site.status(first).at("bar") == "paused");
  CHECK_THAT(site.status(first).at("bar_detail").get<std::string>(),
             Contains("by alice") && Contains("ticket 4711"));
  CHECK_THAT(*site.get("/metrics", first),
             Contains("homeostat_paused{scope=\"cluster\",owner=\"alice\"} 1"));
  const auto shown = site.homeostat({"status", "--server", site.url(first)});
  CHECK_THAT(shown.output, Contains("cluster by alice") && Contains("ticket 4711"));

  site.daemon(first).signal(SIGKILL);
  REQUIRE(site.daemon(first).wait(std::chrono::seconds{10}));
  const int second = site.start_daemon();
  REQUIRE(eventually([&] { return site.step(second) == "blocked"; }));
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.act") == "0");
  CHECK(site.allowed("top_tracks_view"));

  const auto resumed = site.as("alice", {"resume"});
  CHECK(resumed.status == 0);
  CHECK_THAT(resumed.output, Contains("cluster goes on"));
  REQUIRE(eventually([&] { return !site.allowed("top_tracks_view"); }));
  CHECK(site.postgres().sql("SELECT string_agg(kind || ' ' || owner, ', ' ORDER BY id)"
                            " FROM homeostat.pause_act") == "pause alice, resume alice");
}

TEST_CASE("pause: of one policy holds its rung, and lets it give back") {
  OperatedSite site;
  site.start_daemon();
  site.inject(28, 32);
  REQUIRE(eventually([&] { return site.rung() == 1; }));
  REQUIRE(site.as("alice",
                  {"pause", "--policy", "circuit-breaker", "--for", "10m", "--reason", "load test"})
              .status == 0);
  REQUIRE(eventually([&] { return !site.status().at("pauses").empty(); }));
  const int rung = site.rung();
  REQUIRE(eventually([&] { return site.step(0) == "blocked" || site.rung() == 2; }));
  CHECK(site.rung() == rung);
  CHECK(site.status().at("bar") == "none");
  site.inject(0, 32);
  REQUIRE(eventually([&] { return site.state() == "closed"; }));
  CHECK(site.allowed("top_tracks_view"));
}

TEST_CASE("pause: an operator need not be able to read the daemon's passwords") {
  OperatedSite site;
  site.monitor_password_file("/nowhere/monitor.password");
  CHECK(site.homeostat({"check", site.config_path()}).status == 1);
  const auto paused = site.as("alice", {"pause", "--for", "1m", "--reason", "index build"});
  INFO(paused.output);
  CHECK(paused.status == 0);
}

TEST_CASE("pause: policies that cannot be read keep nobody from pausing") {
  OperatedSite site;
  site.write_policies("version: 1\npolicy: circuit-breaker\nkind: braker\n");
  const auto paused = site.as(
      "alice", {"pause", "--policy", "circuit-breaker", "--for", "1m", "--reason", "load test"});
  CHECK(paused.status == 0);
  CHECK_THAT(paused.output, Contains("cannot be told") && Contains("policies.yaml:1"));
  const auto cluster = site.as("alice", {"resume"});
  CHECK_THAT(cluster.output, Contains("cluster was not paused") &&
                                 Contains("still paused: policy/circuit-breaker"));
}

TEST_CASE("pause: wants a role, a reason and an end") {
  OperatedSite site;
  const auto stranger = site.as("bob", {"pause", "--for", "10m", "--reason", "why not"});
  CHECK(stranger.status == 1);
  CHECK_THAT(stranger.output, Contains("homeostat_operator"));
  CHECK(site.as("carol", {"pause", "--for", "10m", "--reason", "no such role"}).status == 1);
  const auto endless = site.as("alice", {"pause", "--for", "8d", "--reason", "holidays"});
  CHECK(endless.status == 1);
  CHECK_THAT(endless.output, Contains("at most 7 days"));
  CHECK(site.as("alice", {"pause", "--for", "soon", "--reason", "x"}).status == 1);
  CHECK(site.as("alice", {"pause", "--for", "10m", "--reason", " "}).status == 1);
  CHECK(site.as("alice", {"pause", "--for", "10m"}).status != 0);
  const auto misspelt = site.as(
      "alice", {"pause", "--policy", "circuit-braker", "--for", "1m", "--reason", "load test"});
  CHECK(misspelt.status == 1);
  CHECK_THAT(misspelt.output,
             Contains("no policy `circuit-braker`: did you mean") && Contains("`circuit-breaker`"));
  CHECK(site.postgres().sql("SELECT count(*) FROM homeostat.pause") == "0");
  const auto idle = site.as("alice", {"resume"});
  CHECK(idle.status == 0);
  CHECK_THAT(idle.output, Contains("was not paused"));
}

}  // namespace homeostat::testing
