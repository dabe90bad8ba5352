// SPDX-License-Identifier: Apache-2.0
// The figures of a simulation as cells: what means nothing of a kind is a dash.
#include "controller/cli/text/score_text.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace homeostat;
using namespace std::chrono_literals;

namespace {

PolicyScore of_a_job() {
  PolicyScore score;
  score.openings = 2;
  score.job = JobScore{2, 5, 40min, 49e9, {90000.0, std::nullopt}};
  return score;
}

}  // namespace

TEST_CASE("score: a job has runs, and dashes where it means nothing") {
  const auto head = text::score_head(true);
  const auto cells = text::score_cells(of_a_job(), 24h, true);
  REQUIRE(cells.size() == head.size());
  CHECK(std::count(cells.begin(), cells.end(), "-") == 9);
  const text::Row tail(cells.end() - 6, cells.end());
  CHECK(tail == text::Row{"2", "5", "40 min", "49 GB", "1 d 1 h", "never"});
}

TEST_CASE("score: other policies beside a job have dashes in its columns") {
  const auto cells = text::score_cells({}, 24h, true);
  CHECK(cells.size() == text::score_head(true).size());
  CHECK(cells.back() == "-");
  CHECK(text::score_cells({}, 24h, false).size() == text::score_head(false).size());
}

TEST_CASE("score: only a table with a job has its columns") {
  CHECK_FALSE(text::has_jobs({{"breaker", {}}}));
  CHECK(text::has_jobs({{"breaker", {}}, {"job", of_a_job()}}));
}
