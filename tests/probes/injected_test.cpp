// SPDX-License-Identifier: Apache-2.0
#include "probes/injected.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using namespace std::chrono_literals;
using Catch::Matchers::Contains;

const TimePoint kNow{90s};

Error refusal(std::string_view text) {
  const auto samples = parse_samples(text, "samples", kNow);
  REQUIRE_FALSE(samples.has_value());
  return samples.error();
}

struct File {
  File()
      : path{std::filesystem::temp_directory_path() / ("injected-" + std::to_string(getpid()))} {}
  ~File() { std::filesystem::remove(path); }
  void write(const std::string& text) const { std::ofstream{path} << text; }
  std::string path;
};

}  // namespace

TEST_CASE("every kind of sample can be injected") {
  const auto samples = parse_samples(
      "# a comment\n"
      "pg_blocked_ratio\tnode/main  12/40   # half a storm\r\n"
      "\n"
      "pg_blocked_ratio node/idle 0/0\n"
      "view_age_seconds view/top 90.5\n"
      "citus_node_cv cluster absent\n"
      "clock_skew_seconds node/main nan",
      "samples", kNow);
  REQUIRE(samples.has_value());
  REQUIRE(samples->size() == 5);
  const auto& ratio = samples->at(0);
  REQUIRE(ratio.signal == "pg_blocked_ratio");
  REQUIRE(to_text(ratio.subject) == "node/main");
  REQUIRE(ratio.quality == Quality::whole);
  REQUIRE(ratio.numerator == 12);
  REQUIRE(ratio.denominator == 40);
  REQUIRE(ratio.taken == kNow);
  REQUIRE(samples->at(1).quality == Quality::empty);
  REQUIRE(value_of(samples->at(2)) == 90.5);
  REQUIRE(samples->at(3).quality == Quality::absent);
  REQUIRE(samples->at(3).subject == Subject{});
  REQUIRE(samples->at(4).reason == AbsentReason::not_a_number);
}

TEST_CASE("a line that cannot be read is named with its place, and nothing is sampled") {
  const auto error = refusal("a cluster 1\n  b node 2\n");
  REQUIRE(error.code == ErrorCode::invalid_input);
  REQUIRE(error.place == Place{"samples", 2, 5});
  REQUIRE(refusal("a cluster 1x").place == Place{"samples", 1, 11});
  REQUIRE(refusal("a cluster 1/").place == Place{"samples", 1, 11});
  REQUIRE(refusal("a cluster").place == Place{"samples", 1, 3});
  REQUIRE(refusal("a cluster 1 2").place == Place{"samples", 1, 13});
  REQUIRE(refusal("A-b cluster 1").place == Place{"samples", 1, 1});
  REQUIRE_THAT(refusal("a node/x 1\na node/x 2").context, Contains("twice"));
}

TEST_CASE("an edit of the file counts at the next sample, and a broken file is an error") {
  const File file;
  file.write("a cluster 1\n");
  Injected probe{file.path};
  boost::asio::io_context io;
  const auto sample = [&] { return testing::run_coroutine(io, probe.sample(kNow, 1s)); };
  REQUIRE(probe.signals() == std::vector<SignalName>{"a"});
  REQUIRE(sample()->samples.at(0).numerator == 1);
  file.write("b cluster 2\nb node/x 3\n");
  REQUIRE(sample()->samples.at(1).numerator == 3);
  REQUIRE(probe.signals() == std::vector<SignalName>{"b"});
  file.write("b cluster\n");
  REQUIRE(sample().error().code == ErrorCode::invalid_input);
  REQUIRE(probe.signals() == std::vector<SignalName>{"b"});
  std::filesystem::remove(file.path);
  REQUIRE(sample().error().code == ErrorCode::unavailable);
  std::filesystem::create_directory(file.path);
  REQUIRE(sample().error().code == ErrorCode::unavailable);
}

}  // namespace homeostat
