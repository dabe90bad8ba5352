// SPDX-License-Identifier: Apache-2.0
// The reading subcommands against the real API on a real journal, and against nobody.
#include <CLI/CLI.hpp>
#include <atomic>
#include <boost/asio/post.hpp>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <thread>

#include "controller/api/api.hpp"
#include "controller/cli/commands/explain.hpp"
#include "controller/cli/commands/history.hpp"
#include "controller/cli/commands/status.hpp"
#include "controller/cli/daemon_client.hpp"
#include "controller/cli/remote_history.hpp"
#include "controller/cli/when.hpp"
#include "controller/loop/sqlite_journal.hpp"
#include "controller/loop/system_clock.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/api/reports.hpp"
#include "tests/controller/cli/ran.hpp"
#include "tests/controller/loop/journal_steps.hpp"
#include "tests/support/http_served.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

void add_reading_commands(CLI::App& app, std::function<int()>& chosen) {
  add_status_command(app, chosen);
  add_explain_command(app, chosen);
  add_history_command(app, chosen);
}

/// `homeostat` with these arguments, as far as it reads.
Ran run(const std::vector<std::string>& arguments) {
  return run_command(add_reading_commands, arguments);
}

std::string help_of(const std::string& command) {
  CLI::App app;
  std::function<int()> chosen;
  add_reading_commands(app, chosen);
  return app.get_subcommand(command)->help();
}

/// The API on a thread of its own, as a daemon would have it.
class Daemon {
 public:
  explicit Daemon(const History& history, Report report = full_report())
      : report_(std::make_shared<Report>(std::move(report))),
        api_({[this] { return report_; }, history, clock_}, "127.0.0.1", 30s),
        served_([this](const HttpRequest& request) {
          ++requests_;
          return api_.answer(request);
        }),
        thread_([this] { served_.io.run(); }) {}
  ~Daemon() {
    boost::asio::post(served_.io, [this] { served_.server->stop(); });
    thread_.join();
  }
  std::string url() const { return served_.url(""); }
  int requests() const { return requests_; }

 private:
  SystemClock clock_;
  std::shared_ptr<const Report> report_;
  std::atomic<int> requests_ = 0;
  Api api_;
  Served served_;
  std::thread thread_;
};

std::unique_ptr<SqliteJournal> journal_in(const std::string& folder) {
  JournalOptions options;
  options.path = folder + "/journal.db";
  auto journal = std::make_unique<SqliteJournal>(options);
  REQUIRE(journal->open().has_value());
  return journal;
}

/// Ten seconds after the start, ten minutes ago, it opened, and was quiet before and after.
WallTime write_a_storm(SqliteJournal& journal) {
  const auto start = SystemClock().wall() - 10min;
  for (int number = 0; number < 20; ++number) {
    auto step = quiet_step(number);
    step.wall = start + std::chrono::seconds{number};
    step.verdicts.push_back(
        verdict_of("circuit-breaker", number == 10 ? Step::opened : Step::idle, number));
    if (number == 10) step.acts.push_back(act_of("circuit-breaker", number));
    REQUIRE(journal.append(step).has_value());
  }
  return start;
}

/// A port on which nobody listens any more.
std::string nobody() {
  boost::asio::io_context io;
  boost::asio::ip::tcp::acceptor acceptor(io, {boost::asio::ip::address_v4::loopback(), 0});
  return "http://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
}

}  // namespace

TEST_CASE("status: shows what the daemon publishes, as text and as JSON") {
  const FakeHistory history;
  const Daemon daemon(history);
  const auto text = run({"status", "--server", daemon.url()});
  CHECK(text.status == 0);
  CHECK_THAT(text.out, Contains("leads (epoch 7)"));
  const auto json = run({"status", "--json", "--server", daemon.url() + "/"});
  CHECK(json.status == 0);
  CHECK(nlohmann::json::parse(json.out)["epoch"] == 7);
}

TEST_CASE("status: --probe asks a health path and answers with its exit status") {
  const auto probed = [](Duration age, const std::string& path) {
    const FakeHistory history;
    Report report = full_report();
    report.at = SystemClock().now() - age;
    const Daemon daemon(history, std::move(report));
    return run({"status", "--probe", path, "--server", daemon.url()});
  };
  const auto live = probed(0s, "livez");
  CHECK(live.status == 0);
  CHECK_THAT(live.out, Contains("ok: last step"));
  const auto stuck = probed(1h, "livez");
  CHECK(stuck.status == 1);
  CHECK_THAT(stuck.out, Contains("stuck: last step"));
  const auto ready = probed(1h, "readyz");
  CHECK(ready.status == 0);
  CHECK(ready.out == "ok\n");
}

TEST_CASE("status: --probe knows the health paths only, and goes with no other output") {
  CHECK_THROWS_AS(run({"status", "--probe", "metrics"}), CLI::ParseError);
  CHECK_THROWS_AS(run({"status", "--probe", "livez", "--watch"}), CLI::ParseError);
  CHECK_THROWS_AS(run({"status", "--probe", "livez", "--json"}), CLI::ParseError);
}

TEST_CASE("commands: without a daemon there is one line and exit status 2") {
  const auto url = nobody();
  for (const std::vector<std::string>& command : {std::vector<std::string>{"status"},
                                                  {"status", "--probe", "livez"},
                                                  {"explain", "circuit-breaker"},
                                                  {"history"}}) {
    auto arguments = command;
    arguments.insert(arguments.end(), {"--server", url});
    const auto ran = run(arguments);
    CHECK(ran.status == 2);
    CHECK(ran.out.empty());
    CHECK_THAT(ran.err, Contains("homeostat: no daemon answers at " + url + ": "));
    CHECK(std::count(ran.err.begin(), ran.err.end(), '\n') == 1);
  }
}

TEST_CASE("explain: the newest evaluation, or the one that was the newest at a time") {
  const ScratchDirectory scratch;
  const auto journal = journal_in(scratch.path());
  const auto start = write_a_storm(*journal);
  const Daemon daemon(*journal);
  const auto newest = run({"explain", "circuit-breaker", "--server", daemon.url()});
  CHECK(newest.status == 0);
  CHECK_THAT(newest.out, Contains("circuit-breaker on cluster"));
  CHECK_THAT(newest.out, Contains("cusum S 0.41 of 1.00: 0.59 short"));
  CHECK_THAT(newest.out, Contains("Nothing to do"));

  const auto at = exact_rfc3339(start + 10500ms);
  const auto then = run({"explain", "circuit-breaker", "--at", at, "--server", daemon.url()});
  CHECK_THAT(then.out, Contains("Opened"));
  const auto before = run({"explain", "circuit-breaker", "--at", "2h", "--server", daemon.url()});
  CHECK(before.status == 1);
  CHECK_THAT(before.err, Contains("no evaluation of circuit-breaker up to "));
}

TEST_CASE("explain: a misspelt policy gets the nearest name and exit status 1") {
  const ScratchDirectory scratch;
  const auto journal = journal_in(scratch.path());
  write_a_storm(*journal);
  const Daemon daemon(*journal);
  const auto ran = run({"explain", "circuit-braker", "--server", daemon.url()});
  CHECK(ran.status == 1);
  CHECK_THAT(ran.err, Contains("no policy `circuit-braker`: did you mean `circuit-breaker`?"));
  const auto subject =
      run({"explain", "circuit-breaker", "--subject", "planet/mars", "--server", daemon.url()});
  CHECK(subject.status == 1);
  CHECK_THAT(subject.err, Contains("`planet/mars` is no subject"));
  const auto other =
      run({"explain", "circuit-breaker", "--subject", "node/main", "--server", daemon.url()});
  CHECK(other.status == 1);
  CHECK_THAT(other.err, Contains("on node/main is recorded: it is evaluated on `cluster`"));
}

TEST_CASE("history: what changed, through the API") {
  const ScratchDirectory scratch;
  const auto journal = journal_in(scratch.path());
  write_a_storm(*journal);
  const Daemon daemon(*journal);
  const auto ran = run({"history", "--since", "1h", "--server", daemon.url()});
  CHECK(ran.status == 0);
  CHECK(std::count(ran.out.begin(), ran.out.end(), '\n') == 2);
  CHECK_THAT(ran.out, Contains("opened"));
  CHECK_THAT(ran.out, Contains("feature class/batch: admit 0 %, applied"));
  const auto cut = run({"history", "--since", "1h", "--limit", "1", "--server", daemon.url()});
  CHECK(std::count(cut.out.begin(), cut.out.end(), '\n') == 1);
  CHECK_THAT(cut.err, Contains("1 older line is left out: --limit N"));
  const auto later = run({"history", "--since", "5m", "--server", daemon.url()});
  CHECK(later.status == 0);
  CHECK(later.out.empty());
  CHECK_THAT(later.err, Contains("nothing was decided or done"));
  const auto wrong = run({"history", "--since", "yesterday", "--server", daemon.url()});
  CHECK(wrong.status == 1);
  CHECK_THAT(wrong.err, Contains("`yesterday` is no time"));
  const auto misspelt = run({"history", "--policy", "circuit", "--server", daemon.url()});
  CHECK(misspelt.status == 1);
}

TEST_CASE("history: changes are found behind a thousand quiet evaluations") {
  const ScratchDirectory scratch;
  const auto journal = journal_in(scratch.path());
  // Six a step: the API's page of 1000 ends amid step 43, counted from the newest.
  for (int number = 0; number < 210; ++number) {
    auto step = quiet_step(number);
    for (int policy = 0; policy < 6; ++policy) {
      step.verdicts.push_back(verdict_of("p" + std::to_string(policy), Step::idle, number));
    }
    if (number == 3) step.verdicts[1].step = Step::opened;
    if (number == 43) step.verdicts[0].step = step.verdicts[5].step = Step::closed;
    REQUIRE(journal->append(step).has_value());
  }
  const Daemon daemon(*journal);
  const RemoteHistory remote(daemon.url());
  HistoryQuery query;
  query.changes_only = true;
  query.limit = 1000;
  const auto found = remote.verdicts(query);
  REQUIRE(found.has_value());
  const auto expected = journal->verdicts(query);
  REQUIRE(found->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK((*found)[i].wall == (*expected)[i].wall);
    CHECK(to_json((*found)[i].verdict) == to_json((*expected)[i].verdict));
  }
  CHECK(daemon.requests() == 2);
}

TEST_CASE("commands: the journal of a dead daemon is read when it is named, and only then") {
  const ScratchDirectory scratch;
  const auto path = scratch.path() + "/journal.db";
  {
    const auto journal = journal_in(scratch.path());
    write_a_storm(*journal);
  }
  const auto url = nobody();
  const auto unnamed = run({"history", "--server", url});
  CHECK(unnamed.status == 2);
  CHECK_THAT(unnamed.err, Contains("--journal FILE"));
  const auto history = run({"history", "--server", url, "--journal", path});
  CHECK(history.status == 0);
  CHECK_THAT(history.out, Contains("opened"));
  CHECK_THAT(history.err, Contains("no daemon answers at " + url + ": reading " + path));
  const auto explained = run({"explain", "circuit-breaker", "--server", url, "--journal", path});
  CHECK(explained.status == 0);
  CHECK_THAT(explained.out, Contains("0.59 short"));
  const auto misspelt = run({"explain", "circuit", "--server", url, "--journal", path});
  CHECK(misspelt.status == 1);
  CHECK_THAT(misspelt.err, Contains("circuit-breaker"));
  const auto missing = run({"history", "--server", url, "--journal", path + "x"});
  CHECK(missing.status == 2);
  CHECK_THAT(missing.err, Contains("No such file or directory"));
}

TEST_CASE("commands: something else on the port is no daemon") {
  Served other([](const HttpRequest&) {
    HttpAnswer answer;
    answer.body = "<h1>It works!</h1>";
    return answer;
  });
  std::thread thread([&other] { other.io.run(); });
  const auto ran = run({"status", "--server", other.url("")});
  const auto probed = run({"status", "--probe", "livez", "--server", other.url("")});
  boost::asio::post(other.io, [&other] { other.server->stop(); });
  thread.join();
  CHECK(ran.status == 2);
  CHECK_THAT(ran.err, Contains("is no Homeostat (status 200)"));
  CHECK(probed.status == 2);
  CHECK_THAT(probed.err, Contains("is no Homeostat (status 200)"));
}

TEST_CASE("commands: a daemon that cannot answer says why") {
  FakeHistory history;
  history.failure = Error{ErrorCode::storage, "the journal is not open"};
  const Daemon daemon(history);
  const auto ran = run({"history", "--server", daemon.url()});
  CHECK(ran.status == 2);
  CHECK(ran.err == "homeostat: the journal is not open\n");
}

TEST_CASE("commands: every help has an example") {
  for (const std::string command : {"status", "explain", "history"}) {
    CHECK_THAT(help_of(command), Contains("Example:\n  homeostat " + command));
  }
}

TEST_CASE("when: a time, or how long ago") {
  const WallTime now{std::chrono::seconds{1'767'268'805}};
  CHECK(*parse_when("5m", now) == now - 5min);
  CHECK(*parse_when("1h30m ago", now) == now - 90min);
  CHECK(*parse_when("2026-01-01T12:00:05Z", now) == now);
  CHECK(*parse_when("2026-01-01T13:00:05.25+01:00", now) == now + 250ms);
  for (const auto* wrong : {"", "5", "soon", "-5m", "2026-13-01T00:00:00Z", " ago"}) {
    CHECK_FALSE(parse_when(wrong, now).has_value());
  }
  CHECK(exact_rfc3339(now + 42us) == "2026-01-01T12:00:05.000042Z");
  CHECK(*parse_when(exact_rfc3339(now + 999'999us), now) == now + 999'999us);
}
