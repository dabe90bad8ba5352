// SPDX-License-Identifier: Apache-2.0
// Pages of --html: well-formed, self-contained, and their charts show what happened.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <filesystem>
#include <sstream>

#include "controller/cli/page/chart.hpp"
#include "controller/cli/page/markup.hpp"
#include "controller/cli/page/simulate_page.hpp"
#include "controller/cli/page/write_page.hpp"
#include "tests/controller/cli/well_formed.hpp"
#include "tests/controller/simulator/scenarios.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;

namespace {

page::Frame hour() {
  page::Frame frame;
  frame.length = 1h;
  return frame;
}

std::string simulated_page(const Scenario& scenario, const PolicySet& policies) {
  const auto report = report_on(scenario, policies);
  REQUIRE(report.has_value());
  const auto trace = trace_of(scenario, policies, *report);
  REQUIRE(trace.has_value());
  return page::simulate_page({*report},
                             {page::simulate_section(scenario, policies, *report, *trace)});
}

/// The numbers of a path, whatever its commands.
std::vector<double> numbers_of(const std::string& path) {
  std::string blanks;
  for (const char each : path) blanks += std::isalpha(each) != 0 ? ' ' : each;
  std::istringstream in(blanks);
  std::vector<double> numbers;
  for (double number = 0; in >> number;) numbers.push_back(number);
  return numbers;
}

}  // namespace

TEST_CASE("page: texts are escaped, as content and in attributes") {
  CHECK(page::escaped("<b> & \"x\"\n") == "&lt;b&gt; &amp; &quot;x&quot;?");
  auto scenario = contention();
  scenario.name = "<script>alert(1)</script>";
  scenario.description = "\"quoted\" & <broken";
  const auto text = simulated_page(scenario, one_breaker());
  check_self_contained(text);
  CHECK_THAT(text, Contains("&lt;script&gt;alert(1)"));
  CHECK(elements(parsed(text), "section").size() == 1);
}

TEST_CASE("page: a line goes where its values are, and no peak is lost") {
  Envelope values(1s);
  for (int second = 0; second < 3600; ++second) {
    values.add(std::chrono::seconds{second}, second == 1800 ? 1.0 : 0.1);
  }
  values.cover(1h);
  const page::LineChart chart{"a_ratio", "a_ratio", {{"x", &values}}, {{"p", 0.5, false}}};
  const auto figure = parsed(draw(chart, hour()));
  const auto lines = of_class(figure, "path", "line l0");
  REQUIRE(lines.size() == 1);
  const auto path = attribute(lines.front(), "d");
  CHECK(numbers_of(path).front() < 5);  // it begins at the left …
  CHECK_THAT(path, Contains("V4"));     // … has its peak at the top …
  CHECK_THAT(path, Contains("H14"));    // … and goes on to the right
  const auto levels = of_class(figure, "line", "level p0");
  REQUIRE(levels.size() == 1);
  CHECK(attribute(levels.front(), "y1") == "100");  // half of the way up
}

TEST_CASE("page: a line is broken where nothing is known") {
  Envelope values(1s);
  values.add(10s, 1);
  values.add(20s, 1);
  values.cover(60s);
  page::Frame frame;
  frame.length = 60s;
  const auto strokes = [&] {
    const auto path = attribute(
        elements(parsed(draw({"x", "", {{"", &values}}, {}}, frame)), "path").back(), "d");
    return std::count(path.begin(), path.end(), 'M');
  };
  CHECK(strokes() == 1);  // far apart is no gap
  values.add_gap(15s);
  CHECK(strokes() == 2);
}

TEST_CASE("page: many lines become one, from the lowest to the highest") {
  std::vector<Envelope> all(100, Envelope(1s));
  page::LineChart chart{"x", "", {}, {}};
  for (std::size_t number = 0; number < all.size(); ++number) {
    all[number].add(10s, static_cast<double>(number));
    chart.lines.push_back({"shard", &all[number]});
  }
  const auto figure = parsed(draw(chart, hour()));
  const auto lines = elements(figure, "path");
  REQUIRE_FALSE(lines.empty());
  CHECK_THAT(attribute(lines.back(), "d"), Contains(" 196h0V4"));
  CHECK_THAT(draw(chart, hour()), Contains("lowest to highest of 100"));
}

TEST_CASE("page: of a simulation it shows verdict, thresholds, states and actions") {
  auto scenario = contention();
  scenario.expect["circuit-breaker"].detect_p95 = 1s;
  const auto text = simulated_page(scenario, one_breaker());
  check_self_contained(text);
  const auto page = parsed(text);
  CHECK_THAT(text, Contains("does not hold") && Contains("FAILED: circuit-breaker.detect_p95"));
  CHECK_THAT(text, Contains("circuit-breaker 0.2") && Contains("circuit-breaker clear 0.15"));
  CHECK_FALSE(of_class(page, "path", "open").empty());
  CHECK_FALSE(of_class(page, "path", "half").empty());
  CHECK_FALSE(of_class(page, "path", "forward").empty());
  CHECK_FALSE(of_class(page, "path", "back").empty());
  CHECK_FALSE(of_class(page, "path", "trouble").empty());
  CHECK_THAT(text, Contains("pg_blocked_ratio") && Contains("cusum of pg_blocked_ratio"));
  CHECK_THAT(text, Contains("opened") && Contains("rung 1"));
}

TEST_CASE("page: half a day of flapping stays small") {
  auto scenario = contention();
  scenario.duration = 12h;
  IncidentRule blip;
  blip.per_day = 96;
  blip.shortest = 5s;
  blip.longest = 20s;
  blip.level = 0.6;
  blip.kind = "relation";
  blip.harmless = true;
  scenario.incidents.push_back(blip);
  auto hasty = circuit_breaker();
  hasty.open.arms = {level_arm(0.1, 0.09)};
  hasty.open.arms.front().signal = "pg_blocked_ratio";
  const auto text = simulated_page(scenario, one_breaker(hasty));
  CHECK(elements(parsed(text), "svg").size() > 10);  // all of it, and closer
  CHECK(text.size() < 1'000'000);
}

TEST_CASE("page: times of a run count from its beginning, those of a recording are UTC") {
  CHECK(page::time_text(page::Times::of_run, 75h + 62s) == "3d 03:01:02");
  CHECK(page::time_text(page::Times::of_run, 62s) == "00:01:02");
  CHECK(page::time_text(page::Times::wall, std::chrono::seconds{1'700'000'000}) ==
        "2023-11-14 22:13:20");
  const auto axis = parsed(page::time_axis(hour()));
  const auto names = elements(axis, "span");
  REQUIRE(names.size() >= 3);
  CHECK(names.size() <= 7);
  CHECK(names.front().data() == "00:15");
}

TEST_CASE("page: a file is written whole or not at all, and an error has its path") {
  const ScratchDirectory folder;
  const auto file = folder.path() + "/page.html";
  REQUIRE(page::write_page(file, "one").has_value());
  REQUIRE(page::write_page(file, "two").has_value());
  CHECK(read_file(file) == "two");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  for (const auto& wrong : {folder.path() + "/none/page.html", folder.path()}) {
    const auto checked = page::check_page(wrong);
    const auto written = page::write_page(wrong, "three");
    REQUIRE_FALSE(checked.has_value());
    REQUIRE_FALSE(written.has_value());
    CHECK_THAT(checked.error().context, Contains("cannot write " + wrong));
    CHECK_THAT(written.error().context, Contains("cannot write " + wrong));
  }
}
