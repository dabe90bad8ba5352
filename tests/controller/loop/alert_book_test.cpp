// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/alert_book.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

namespace homeostat {
namespace {

using namespace std::chrono_literals;

constexpr auto kResend = 60s;

TimePoint at(Duration since_boot) { return TimePoint{since_boot}; }
WallTime wall(Duration since_1970) { return WallTime{since_1970}; }

Alert alert(const std::string& name, Duration starts = 10s) {
  Alert result;
  result.labels = {{"alertname", name}};
  result.annotations = {{"summary", name + " summary"}};
  result.starts = wall(starts);
  return result;
}

/// A book and the receipts of one instance that takes whatever it is sent.
struct Told {
  std::vector<AlertBook::Entry> send(TimePoint now, std::size_t most = 256) {
    auto entries = receipts.due(book, now, kResend, most);
    receipts.received(book, entries, now);
    return entries;
  }
  AlertBook book;
  AlertReceipts receipts;
};

}  // namespace

TEST_CASE("a new alert is due at once and then each resend interval") {
  Told told;
  REQUIRE(told.book.update({alert("A")}, wall(10s), at(10s)));
  REQUIRE(told.receipts.next_due(told.book, kResend) == at(10s));
  REQUIRE(told.send(at(10s)).size() == 1);
  REQUIRE(told.receipts.next_due(told.book, kResend) == at(70s));
  REQUIRE_FALSE(told.book.update({alert("A")}, wall(69s), at(69s)));
  REQUIRE(told.send(at(69s)).empty());
  REQUIRE(told.send(at(70s)).size() == 1);
  REQUIRE(told.send(at(70s)).empty());
}

TEST_CASE("an end is due at once, repeated, and forgotten after its time") {
  Told told;
  told.book.update({alert("A")}, wall(10s), at(10s));
  told.send(at(10s));
  REQUIRE(told.book.update({}, wall(20s), at(20s)));
  const auto ended = told.send(at(20s));
  REQUIRE(ended.size() == 1);
  REQUIRE(ended[0].ended == wall(20s));
  told.book.update({}, wall(80s), at(80s));
  const auto repeated = told.send(at(80s));
  REQUIRE(repeated.size() == 1);
  REQUIRE(repeated[0].ended == wall(20s));  // still the end that it had
  told.book.prune(at(319s), 5min, 100);
  REQUIRE(told.book.entries.size() == 1);
  told.book.prune(at(320s), 5min, 100);
  REQUIRE(told.book.entries.empty());
  REQUIRE_FALSE(told.receipts.next_due(told.book, kResend).has_value());
}

TEST_CASE("an alert that ended before an instance took its end is sent as ended") {
  Told told;
  told.book.update({alert("A")}, wall(10s), at(10s));
  const auto under_way = told.receipts.due(told.book, at(10s), kResend, 256);
  told.book.update({}, wall(11s), at(11s));
  told.receipts.received(told.book, under_way, at(10s));  // the answer comes after the end
  const auto next = told.send(at(11s));
  REQUIRE(next.size() == 1);
  REQUIRE(next[0].ended.has_value());
}

TEST_CASE("an alert that fires again after its end is due at once with a new start") {
  Told told;
  told.book.update({alert("A", 10s)}, wall(10s), at(10s));
  told.send(at(10s));
  told.book.update({}, wall(20s), at(20s));
  told.send(at(20s));
  REQUIRE(told.book.update({alert("A", 25s)}, wall(25s), at(25s)));
  const auto again = told.send(at(25s));
  REQUIRE(again.size() == 1);
  REQUIRE_FALSE(again[0].ended.has_value());
  REQUIRE(again[0].alert.starts == wall(25s));
}

TEST_CASE("an alert that goes on keeps its start and takes new annotations, without being news") {
  Told told;
  told.book.update({alert("A", 10s)}, wall(10s), at(10s));
  told.send(at(10s));
  auto later = alert("A", 40s);
  later.annotations["summary"] = "worse";
  REQUIRE_FALSE(told.book.update({later}, wall(40s), at(40s)));
  REQUIRE(told.send(at(40s)).empty());
  const auto resent = told.send(at(70s));
  REQUIRE(resent[0].alert.starts == wall(10s));
  REQUIRE(resent[0].alert.annotations.at("summary") == "worse");
}

TEST_CASE("an instance that took nothing stays due, whatever others took") {
  Told told;
  told.book.update({alert("A")}, wall(10s), at(10s));
  told.send(at(10s));
  const AlertReceipts dead;
  REQUIRE(dead.due(told.book, at(11s), kResend, 256).size() == 1);
}

TEST_CASE("a batch is bounded and the rest follows") {
  Told told;
  std::vector<Alert> many;
  for (int i = 0; i < 5; ++i) many.push_back(alert("A" + std::to_string(i)));
  told.book.update(many, wall(10s), at(10s));
  REQUIRE(told.send(at(10s), 3).size() == 3);
  REQUIRE(told.send(at(10s), 3).size() == 2);
  REQUIRE(told.send(at(10s), 3).empty());
}

TEST_CASE("beyond the capacity the oldest ends go first, then the newest alerts, all counted") {
  AlertBook book;
  book.update({alert("old"), alert("end1"), alert("end2")}, wall(1s), at(1s));
  book.update({alert("old"), alert("end2")}, wall(2s), at(2s));
  book.update({alert("old")}, wall(3s), at(3s));
  book.update({alert("old"), alert("new")}, wall(4s), at(4s));
  REQUIRE(book.prune(at(4s), 5min, 3) == 1);
  REQUIRE_FALSE(book.entries.contains({{"alertname", "end1"}}));
  REQUIRE(book.prune(at(4s), 5min, 1) == 2);
  REQUIRE(book.entries.contains({{"alertname", "old"}}));
}

TEST_CASE("the body has the four members of API v2, and an active alert ends by itself") {
  AlertBook book;
  book.update({alert("A", 10s)}, wall(10s), at(10s));
  std::vector<AlertBook::Entry> entries;
  for (const auto& [labels, entry] : book.entries) entries.push_back(entry);
  const auto body = nlohmann::json::parse(alertmanager_json(entries, wall(20s), 4min));
  const nlohmann::json expected = {{{"labels", {{"alertname", "A"}}},
                                    {"annotations", {{"summary", "A summary"}}},
                                    {"startsAt", "1970-01-01T00:00:10.000Z"},
                                    {"endsAt", "1970-01-01T00:04:20.000Z"}}};
  REQUIRE(body == expected);
}

TEST_CASE("an ended alert says when, and never before its start") {
  AlertBook::Entry entry;
  entry.alert = alert("A", 30s);
  entry.ended = wall(20s);  // the wall clock was set back in between
  const auto body = nlohmann::json::parse(alertmanager_json({entry}, wall(50s), 4min));
  REQUIRE(body[0]["endsAt"] == "1970-01-01T00:00:20.000Z");
  REQUIRE(body[0]["startsAt"] == "1970-01-01T00:00:20.000Z");
}

TEST_CASE("bytes that are no UTF-8 do not keep an alert from being sent") {
  AlertBook::Entry entry;
  entry.alert = alert("A");
  entry.alert.annotations["description"] = "bad \xff byte";
  const auto text = alertmanager_json({entry}, wall(50s), 4min);
  REQUIRE(nlohmann::json::parse(text)[0]["annotations"]["description"] == "bad \xef\xbf\xbd byte");
}

}  // namespace homeostat
