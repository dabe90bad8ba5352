// SPDX-License-Identifier: Apache-2.0
// Files of samples: what is taken from them, and what is refused with its place.
#include "controller/simulator/recording.hpp"

#include <catch2/catch.hpp>

using namespace homeostat;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

Vocabulary words() {
  Vocabulary all;
  all.signals["pg_blocked_ratio"].denominator = "pg_open_transactions";
  all.signals["pg_open_transactions"] = {};
  all.signals["clock_skew_seconds"] = {};
  return all;
}

/// What is wrong with a file; empty when nothing is.
template <class Read>
std::string refused(Read read, const std::string& text) {
  const auto known = words();
  Recording recording(known);
  const auto done = read("f", text, recording);
  if (!done.has_value()) return done.error().context;
  const auto steps = recording.steps();
  return steps.has_value() ? "" : steps.error().context;
}

std::string csv(const std::string& lines) {
  return refused(read_csv, "time,signal,subject,value\n" + lines);
}

std::string series(const std::string& values,
                   const std::string& metric =
                       R"({"__name__":"homeostat_pg_open_transactions","subject":"node/main"})") {
  return R"({"metric":)" + metric + R"(,"values":[)" + values + "]}\n";
}

std::string answer(const std::string& all) {
  return R"({"status":"success","data":{"resultType":"matrix","result":[)" + all + "]}}";
}

const Sample& sample(const Recording::Steps& all, std::size_t step, std::size_t number) {
  return all.steps.at(step).step.samples.at(number);
}

}  // namespace

TEST_CASE("recording: a ratio gets its denominator from the signal that has it, at the same time") {
  const auto known = words();
  Recording recording(known);
  REQUIRE(read_csv("f",
                   "time,signal,subject,value\n"
                   "100,homeostat_pg_blocked_ratio,node/main,0.25\n"
                   "100,homeostat_pg_open_transactions,node/main,40\n"
                   "105,homeostat_pg_open_transactions,node/main,0\n"
                   "110.5,pg_open_transactions,node/main,8\n",
                   recording)
              .has_value());
  const auto all = recording.steps();
  REQUIRE(all.has_value());
  REQUIRE(all->steps.size() == 3);
  CHECK(all->steps[0].step.basis.has_value());
  CHECK_FALSE(all->steps[1].step.basis.has_value());
  CHECK(all->steps[2].step.wall == WallTime{110500ms});
  CHECK(sample(*all, 0, 0).numerator == 10);
  CHECK(sample(*all, 0, 0).denominator == 40);
  CHECK(sample(*all, 1, 0).quality == Quality::empty);
  CHECK(sample(*all, 2, 0).quality == Quality::absent);
  CHECK(sample(*all, 2, 1).numerator == 8);
  CHECK(all->missing == 1);
  CHECK_THAT(all->first_missing, Contains("pg_blocked_ratio of node/main at 1970-01-01T00:01:50"));
  CHECK(all->spacing == 5500ms);
}

TEST_CASE("recording: a ratio without a denominator anywhere is refused, not made up") {
  CHECK_THAT(csv("100,pg_blocked_ratio,node/main,0.25\n"),
             Contains("f:2: pg_blocked_ratio of node/main needs its denominator: record "
                      "pg_open_transactions"));
  CHECK(refused(read_csv,
                "value,denominator,time,signal,subject\n3,40,100,pg_blocked_ratio,node/main\n")
            .empty());
}

TEST_CASE("recording: beside a denominator the value is a count, and no ratio is taken for one") {
  const std::string first =
      "time,signal,subject,value,denominator\n100,pg_blocked_ratio,node/main,";
  CHECK(refused(read_csv, first + "9,20\n").empty());
  CHECK(refused(read_csv, first + "8.5,19.5\n").empty());  // means of counts
  for (const std::string wrong : {"0.45,20\n", "21,20\n"}) {
    CHECK_THAT(refused(read_csv, first + wrong),
               Contains("f:2: with a denominator the value of pg_blocked_ratio is the numerator"));
  }
}

TEST_CASE("recording: times and values that cannot be are refused with file and line") {
  const std::string first = "100,pg_open_transactions,node/main,4\n";
  CHECK(csv(first) == "");
  CHECK_THAT(csv(first + first), Contains("f:3:") && Contains("twice, before at f:2"));
  CHECK_THAT(csv(first + "99,pg_open_transactions,node/main,4\n"),
             Contains("f:3: time goes backwards"));
  CHECK_THAT(csv(first + "101,pg_open_transactions,node/main,nan\n"),
             Contains("f:3: the value is not a finite number"));
  CHECK_THAT(csv(first + "101,pg_open_transactions,node/main,\n"),
             Contains("f:3: `` is no number"));
  CHECK_THAT(csv(first + "yesterday,pg_open_transactions,node/main,1\n"),
             Contains("f:3: `yesterday` is no time"));
  CHECK_THAT(csv(first + "101,pg_blocked_ratio,node/main,-0.1\n"),
             Contains("f:3: a ratio cannot be negative"));
  CHECK(csv("2026-03-01T12:00:00Z,clock_skew_seconds,node/main,-0.1\n") == "");
  CHECK_THAT(csv("1767268805000,pg_open_transactions,node/main,1\n"), Contains("is no time"));
}

TEST_CASE("recording: names that nobody knows get the nearest one") {
  CHECK_THAT(
      csv("100,pg_open_transaction,node/main,4\n"),
      Contains("f:2: no signal `pg_open_transaction`: did you mean `pg_open_transactions`?"));
  CHECK_THAT(csv("100,pg_open_transactions,main,4\n"), Contains("f:2: `main` is no subject"));
  CHECK_THAT(refused(read_csv, "time,signal,subjekt,value\n"),
             Contains("f:1: no column `subjekt`: did you mean `subject`?"));
  CHECK_THAT(refused(read_csv, "time,signal,value\n"), Contains("`subject` is not among them"));
  CHECK_THAT(csv(""), Contains("there is no value in it"));
}

TEST_CASE("recording: Prometheus' range API, whole or a series a line") {
  const auto open = series(R"([100,"4"],[105.5,"8"])");
  CHECK(refused(read_range_json, answer(open)).empty());
  CHECK(refused(read_range_json,
                open + "\n" +
                    series(R"([100,"0.5"])",
                           R"({"__name__":"pg_blocked_ratio","subject":"node/main"})"))
            .empty());
  const auto known = words();
  Recording recording(known);
  REQUIRE(read_range_json("f", answer(open), recording).has_value());
  const auto all = recording.steps();
  REQUIRE(all->steps.size() == 2);
  CHECK(all->steps[1].step.wall == WallTime{105500ms});
  CHECK(sample(*all, 1, 0).numerator == 8);
}

TEST_CASE("recording: JSON that is something else is refused with its place") {
  CHECK_THAT(refused(read_range_json, R"({"status":"error","error":"bad_data"})"),
             Contains("f: Prometheus answered: bad_data"));
  CHECK_THAT(refused(read_range_json, R"({"status":"success","data":{"resultType":"vector"}})"),
             Contains("f: this is no answer of /api/v1/query_range"));
  CHECK_THAT(refused(read_range_json, answer(series(R"([100,"NaN"])"))),
             Contains("f: series 1, value 1: the value is not a finite number"));
  CHECK_THAT(refused(read_range_json, series(R"([100,"1"],[100,"1"])")),
             Contains("f:1, value 2:") && Contains("twice"));
  CHECK_THAT(refused(read_range_json, series(R"([100,"1"])", R"({"__name__":"x"})")),
             Contains("f:1: the series has no label `subject`"));
  CHECK_THAT(refused(read_range_json, series("[100,1]")), Contains("f:1, value 1: expected ["));
  CHECK_THAT(refused(read_range_json, series(R"([100,"1"])") + "{\n"),
             Contains("f:2: this line is no JSON"));
}

TEST_CASE("recording: what a file is, is seen from its beginning") {
  CHECK(format_of(std::string("SQLite format 3\0", 16)) == RecordingFormat::journal);
  CHECK(format_of("  {\"status\"") == RecordingFormat::json);
  CHECK(format_of("time,signal") == RecordingFormat::csv);
}
