// SPDX-License-Identifier: Apache-2.0
// The lever against a real PostgreSQL and a topic that fails as told.
#include "actuators/batch_window.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/actuators/fake_topic.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using testing::Instance;
using testing::LedgerCluster;

const Error kDown{ErrorCode::timeout, "topic control: no answer within 1000 ms", {}};

/// A leader with the lever.
struct WindowLeader {
  WindowLeader(const LedgerCluster& cluster, const std::string& name)
      : instance{cluster, name}, lever{instance.session, make_topic(), instance.clock} {
    instance.lead();
  }
  std::unique_ptr<KeyedTopic> make_topic() {
    auto made = std::make_unique<fakes::FakeTopic>();
    topic = made.get();
    return made;
  }

  Change change(ChangeKind kind, double window = 0.0375) {
    auto made = instance.change(kind, target);
    made.desired.key = {"batch_window", target};
    made.desired.value.arguments = {{"window", window}, {"drain_limit", 10000.0}};
    made.desired.ttl = 60s;
    made.desired.policy = "batch-window";
    made.desired.rung = 0;
    made.desired.reason = "batch-window: a test";
    return made;
  }
  ChangeResult apply(Change made) {
    const auto result = testing::run_coroutine(instance.io, lever.apply(std::move(made)));
    if (!result.has_value()) return {ChangeOutcome::unknown, "error: " + result.error().context};
    return *result;
  }
  std::string outcome(Change made) { return std::string{to_text(apply(std::move(made)).outcome)}; }
  std::string set(double window) { return outcome(change(ChangeKind::apply, window)); }
  std::string renew() { return outcome(change(ChangeKind::renew)); }
  std::string revert() { return outcome(change(ChangeKind::revert)); }
  /// Nothing: the baseline.
  std::optional<double> window() {
    const auto value = testing::run_coroutine(instance.io, lever.read(target));
    if (!value.has_value()) throw std::runtime_error(value.error().context);
    if (value->baseline()) return std::nullopt;
    return std::get<double>(value->arguments.at("window"));
  }
  /// The message that stands in the topic.
  nlohmann::json said() const {
    return nlohmann::json::parse(topic->records.at("play-counts").value.value_or("null"));
  }
  std::string issuer() const { return topic->records.at("play-counts").issuer; }
  void say(std::int64_t epoch, double window_ms, std::chrono::seconds life,
           const std::string& issuer = "somebody") const {
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch());
    const auto lasting = std::chrono::milliseconds{life};
    const nlohmann::json message{{"version", 1},
                                 {"epoch", epoch},
                                 {"window_ms", window_ms},
                                 {"drain_limit", 10},
                                 {"issued_at_ms", (now - 1min).count()},
                                 {"expires_at_ms", (now + lasting).count()},
                                 {"reason", "by hand"}};
    topic->put("play-counts", message.dump(), issuer);
  }

  std::string target = "group/play-counts";
  fakes::FakeTopic* topic = nullptr;
  Instance instance;
  BatchWindowLever lever;
};

struct WindowBench {
  std::string sql(const std::string& text) const { return cluster.sql(text); }
  std::string mirror() const {
    return sql(
        "SELECT window_ms || ' ' || drain_limit || ' ' || epoch"
        " FROM homeostat.batch_window('play-counts')");
  }
  std::string status() const {
    return sql("SELECT status FROM homeostat.lever WHERE target = 'group/play-counts'");
  }

  LedgerCluster cluster;
  WindowLeader one{cluster, "one"};
};

TEST_CASE_METHOD(WindowBench,
                 "a window is set in ledger, mirror and topic, renewed and given back (S3)") {
  CHECK(one.window() == std::nullopt);
  CHECK(one.set(0.0375) == "applied");
  CHECK(mirror() == "37.5 10000 1");
  CHECK(status() == "open");
  CHECK(sql("SELECT count(DISTINCT x::text) FROM (SELECT xmin FROM homeostat.lever UNION ALL "
            "SELECT xmin FROM homeostat.act UNION ALL SELECT xmin FROM homeostat.group_window) "
            "AS t(x)") == "1");
  const auto first = one.said();
  CHECK(first["version"] == 1);
  CHECK(first["epoch"] == 1);
  CHECK(first["window_ms"] == 37.5);
  CHECK(first["drain_limit"] == 10000);
  CHECK(first["reason"] == "batch-window: a test");
  CHECK(first["expires_at_ms"].get<std::int64_t>() - first["issued_at_ms"].get<std::int64_t>() >
        59'000);
  CHECK(one.issuer() == sql("SELECT homeostat.identity()"));
  CHECK(one.window() == 0.0375);

  CHECK(one.renew() == "applied");
  const auto second = one.said();
  CHECK(second["epoch"] == 1);  // the same message, for longer
  CHECK(second["expires_at_ms"] > first["expires_at_ms"]);
  CHECK(second["window_ms"] == 37.5);

  CHECK(one.set(0.05) == "applied");
  CHECK(one.said()["epoch"] == 2);
  CHECK(mirror() == "50 10000 2");

  CHECK(one.revert() == "applied");
  CHECK(one.said().is_null());
  CHECK(mirror().empty());
  CHECK(status() == "reverted");
  CHECK(one.window() == std::nullopt);
  // Consumers remember the epoch they obeyed: the next value is above it.
  CHECK(one.set(0.05) == "applied");
  CHECK(one.said()["epoch"] == 3);
}

TEST_CASE_METHOD(WindowBench,
                 "what was written reads back as the same number, and is told over HTTP") {
  for (const double window : {0.0, 1.0 / 3, 0.1, 0.07, 1e-5, 10.0}) {
    CHECK(one.set(window) == "applied");
    CHECK(one.window() == window);
  }
  REQUIRE(testing::run_coroutine(one.instance.io, one.lever.after_step()).has_value());
  const auto told = one.lever.batch_windows();
  REQUIRE(told.size() == 1);
  CHECK(told[0].group == "play-counts");
  CHECK(told[0].window_ms == 10'000);
  CHECK(told[0].drain_limit == 10'000);
  CHECK(told[0].epoch == 6);
  CHECK(told[0].reason == "batch-window: a test");
  CHECK(told[0].expires.time_since_epoch() / 1ms == one.said()["expires_at_ms"]);
}

TEST_CASE_METHOD(WindowBench,
                 "a window is taken by its token once, and not from a leader of before (S2)") {
  const auto change = one.change(ChangeKind::apply);
  CHECK(one.outcome(change) == "applied");
  CHECK(one.outcome(change) == "applied");
  CHECK(one.topic->written == 1);
  CHECK(sql("SELECT count(*) FROM homeostat.act") == "1");
  cluster.let_lease_run_out();
  CHECK_THAT(one.apply(one.change(ChangeKind::renew)).detail, Contains("error"));
  CHECK(one.topic->written == 1);
}

TEST_CASE_METHOD(WindowBench, "a new leader goes on above the epochs of the one before") {
  CHECK(one.set(0.02) == "applied");
  CHECK(
      testing::run_coroutine(one.instance.io, one.instance.ledger.release_lease(10s)).has_value());
  WindowLeader two{cluster, "two"};
  two.topic->records = one.topic->records;
  two.topic->offset = one.topic->offset;
  CHECK(two.renew() == "applied");
  CHECK(two.said()["epoch"] == 1);
  CHECK(two.set(0.03) == "applied");
  CHECK(two.said()["epoch"] == 2);
  // The one before wakes up and sends what it had in hand: in our own name, and out of date.
  two.say(1, 20, 30s, two.issuer());
  CHECK(two.window() == 0.02);  // truly there, although consumers do not obey it
  CHECK(two.renew() == "applied");
  CHECK(two.said()["epoch"] == 2);
  CHECK(two.window() == 0.03);
  // Another timeline of this database, lost in a failover, had got further.
  two.say(9, 20, 30s, two.issuer());
  CHECK(two.renew() == "applied");
  CHECK(two.said()["epoch"] == 10);
  CHECK(mirror() == "30 10000 10");
}

TEST_CASE_METHOD(WindowBench, "a topic that cannot be read refuses before anything is written") {
  one.topic->unreadable = kDown;
  const auto refused = one.apply(one.change(ChangeKind::apply));
  CHECK(refused.outcome == ChangeOutcome::refused);
  CHECK_THAT(refused.detail, Contains("no answer within 1000 ms"));
  CHECK(status().empty());
  CHECK(sql("SELECT count(*) FROM homeostat.act") == "0");
  one.topic->unreadable.reset();
  CHECK(one.set(0.02) == "applied");
  const auto stood = sql("SELECT w::text FROM homeostat.group_window w");
  one.topic->unreadable = kDown;
  CHECK(one.renew() == "refused");
  CHECK(sql("SELECT w::text FROM homeostat.group_window w") == stood);
  one.topic->unreadable.reset();
  CHECK(one.renew() == "applied");
}

TEST_CASE_METHOD(
    WindowBench,
    "a message that is not confirmed leaves the outcome unknown, and is sent again (H13)") {
  one.topic->unwritable = kDown;
  const auto sent = one.apply(one.change(ChangeKind::apply));
  CHECK(sent.outcome == ChangeOutcome::unknown);
  CHECK_THAT(sent.detail, Contains("written down, but not confirmed"));
  CHECK(status() == "open");
  CHECK(one.window() == std::nullopt);  // read() says what is truly there
  one.topic->unwritable.reset();
  CHECK(one.renew() == "applied");
  CHECK(one.said()["epoch"] == 1);
  CHECK(one.window() == 0.0375);
}

TEST_CASE_METHOD(WindowBench,
                 "a revert without the topic closes the row, and says that the message lives on") {
  CHECK(one.set(0.02) == "applied");
  one.topic->unreadable = kDown;
  const auto reverted = one.apply(one.change(ChangeKind::revert));
  CHECK(reverted.outcome == ChangeOutcome::unknown);
  CHECK_THAT(reverted.detail, Contains("runs out by itself"));
  CHECK(status() == "reverted");
  CHECK(mirror().empty());
  one.topic->unreadable.reset();
  // What is left in the topic is ours: it does not stand in the way of the next value.
  CHECK(one.set(0.03) == "applied");
  CHECK(one.said()["epoch"] == 2);
}

TEST_CASE_METHOD(WindowBench,
                 "somebody else's message is yielded to, at each kind of change (S3)") {
  SECTION("before we came") {
    one.say(4, 20, 30s);
    CHECK(one.set(0.05) == "yielded");
    CHECK(status() == "yielded");
    CHECK(one.set(0.05) == "yielded");
    CHECK(sql("SELECT count(*) FROM homeostat.act") == "1");  // recorded once
    CHECK(one.topic->written == 0);
    CHECK(one.window() == 0.02);
    // It runs out, and consumers have obeyed epoch 4.
    one.say(4, 20, -1s);
    CHECK(one.set(0.05) == "applied");
    CHECK(one.said()["epoch"] == 5);
  }
  SECTION("after ours, at a renewal") {
    CHECK(one.set(0.05) == "applied");
    one.say(2, 20, 30s);
    const auto yielded = one.apply(one.change(ChangeKind::renew));
    CHECK(yielded.outcome == ChangeOutcome::yielded);
    CHECK(yielded.detail ==
          "somebody else has written to the control topic, for group play-counts");
    CHECK(mirror().empty());
    CHECK(one.said()["reason"] == "by hand");
  }
  SECTION("after ours, at a revert") {
    CHECK(one.set(0.05) == "applied");
    one.say(2, 20, 30s);
    CHECK(one.revert() == "yielded");
    CHECK(one.said()["reason"] == "by hand");
  }
  SECTION("a tombstone after ours") {
    CHECK(one.set(0.05) == "applied");
    one.topic->put("play-counts", std::nullopt, "");
    CHECK(one.renew() == "yielded");
    CHECK(one.said().is_null());
  }
  SECTION("a row of the mirror changed by hand") {
    CHECK(one.set(0.05) == "applied");
    sql("UPDATE homeostat.group_window SET window_ms = 7");
    CHECK(one.renew() == "yielded");
    CHECK(mirror() == "7 10000 1");
  }
}

TEST_CASE_METHOD(WindowBench, "what no consumer obeys stands in nobody's way") {
  one.topic->put("play-counts", std::nullopt, "somebody");  // nothing was there to take away
  CHECK(one.set(0.05) == "applied");
  one.topic->unwritable = kDown;  // the tombstone of before still is the last record
  one.topic->records.at("play-counts") = KeyedRecord{std::nullopt, "somebody", 0};
  CHECK(one.renew() == "unknown");
  one.topic->unwritable.reset();
  CHECK(one.renew() == "applied");
  one.topic->put("play-counts", "nonsense", "somebody");
  CHECK(one.window() == std::nullopt);
  CHECK(one.renew() == "applied");
  CHECK(one.window() == 0.05);
}

TEST_CASE_METHOD(WindowBench, "a topic that is missing is made, or refused with what is needed") {
  one.topic->missing = true;
  one.topic->unmakable =
      Error{ErrorCode::missing_privilege, "making topic control: denied: allow Create", {}};
  const auto refused = one.apply(one.change(ChangeKind::apply));
  CHECK(refused.outcome == ChangeOutcome::refused);
  CHECK_THAT(refused.detail,
             Contains("does not exist, and cannot be made") && Contains("allow Create"));
  CHECK(status().empty());
  one.topic->unmakable.reset();
  CHECK(one.set(0.05) == "applied");
  CHECK(one.said()["epoch"] == 1);
  one.topic->missing = true;
  CHECK(one.window() == std::nullopt);
  one.topic->records.clear();
  CHECK(one.renew() == "applied");  // made anew: our message is what it lacks
  CHECK(one.window() == 0.05);
}

TEST_CASE_METHOD(WindowBench, "a target or value that is none of a window's is refused") {
  const auto refused = [&](const std::string& target, const LeverValue& value, Duration ttl) {
    auto made = one.change(ChangeKind::apply);
    made.desired.key.target = target;
    made.desired.value = value;
    made.desired.ttl = ttl;
    return one.outcome(made) == "refused";
  };
  const auto value = [](double window, double limit) {
    LeverValue made;
    made.arguments = {{"window", window}, {"drain_limit", limit}};
    return made;
  };
  for (const auto& target : {std::string{}, std::string{"group/"}, std::string{"node/main"},
                             std::string{"group"}, std::string("group/a\0b", 9)}) {
    CAPTURE(target);
    CHECK(refused(target, value(0.1, 10), 60s));
  }
  CHECK(refused("group/" + std::string(250, 'g'), value(0.1, 10), 60s));
  CHECK_FALSE(refused("group/" + std::string(249, 'g'), value(0.1, 10), 60s));
  CHECK(refused("group/g", value(-0.1, 10), 60s));
  CHECK(refused("group/g", value(10.1, 10), 60s));
  CHECK(refused("group/g", value(0.1, 0), 60s));
  CHECK(refused("group/g", value(0.1, 1.5), 60s));
  CHECK(refused("group/g", value(0.1, 10), 61min));
  CHECK(refused("group/g", {}, 60s));
  CHECK(one.topic->written == 1);
}

TEST_CASE_METHOD(WindowBench,
                 "an expired window is not in force, and expire() takes it out of the mirror") {
  CHECK(one.set(0.05) == "applied");
  sql("UPDATE homeostat.group_window SET expires_at = clock_timestamp() - interval '1 second'");
  sql("UPDATE homeostat.lever l SET expires_at = w.expires_at FROM homeostat.group_window w");
  CHECK(mirror().empty());
  cluster.let_lease_run_out();
  CHECK(sql("SELECT lever || ' ' || target || ' ' || outcome FROM homeostat.expire()") ==
        "batch_window group/play-counts applied");
  CHECK(status() == "reverted");
  CHECK(sql("SELECT window_ms IS NULL AND epoch = 1 FROM homeostat.group_window") == "t");
}

TEST_CASE_METHOD(WindowBench, "any role may ask for a group's window, and see nothing else") {
  CHECK(one.set(0.05) == "applied");
  sql("CREATE ROLE consumer LOGIN");
  testing::PgClient consumer{cluster.address("consumer")};
  CHECK(consumer.run("SELECT window_ms FROM homeostat.batch_window('play-counts')") == "50");
  CHECK(consumer.run("SELECT window_ms FROM homeostat.batch_window('other')").empty());
  CHECK_THROWS(consumer.run("SELECT 1 FROM homeostat.group_window"));
}

}  // namespace
}  // namespace homeostat
