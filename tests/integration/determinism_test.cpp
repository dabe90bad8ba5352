// SPDX-License-Identifier: Apache-2.0
// decide() in two processes of the real binary: the same inputs give the same bytes.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "tests/integration/binary.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {
namespace {

/// With the binary that is shipped more than a million ticks; the one with sanitizers takes ten
/// times as long for each, and sees fewer.
bool shipped() { return std::getenv("HOMEOSTAT_TEST_BINARY") != nullptr; }

/// Incidents, blips, noise and samples that are missing, for both shipped policies.
class Trial {
 public:
  Trial() {
    std::ofstream(path()) << "version: 1\nscenario: trial\nplant: {lock_contention: {}}\n"
                          << "duration: " << (shipped() ? "12d" : "6h") << "\n"
                          << "sensor: {delay: 1s, noise: 5%, missing: 2%}\nincidents:\n"
                             "  - {per_day: 8, shortest: 3m, longest: 12m, level: 41%}\n"
                             "  - {per_day: 40, shortest: 5s, longest: 20s, level: 60%, "
                             "kind: relation, harmless: true}\n";
  }
  std::string digest(const std::string& seed) const {
    const auto ran = run_homeostat({"simulate", path(), "--policies",
                                    HOMEOSTAT_SOURCE_DIR "/policies/recommended", "--seed", seed,
                                    "--digest", "--json"});
    INFO(ran.output);
    const auto told = nlohmann::json::parse(ran.output, nullptr, false);
    REQUIRE(told.is_object());
    return told.at("scenarios").at(0).at("digest");
  }

 private:
  std::string path() const { return scratch_.path() + "/trial.yaml"; }
  ScratchDirectory scratch_;
};

}  // namespace

TEST_CASE("invariant 10: two processes decide the same about a million ticks, byte for byte") {
  const Trial trial;
  const auto once = trial.digest("1");
  const auto at_least = shipped() ? 1'000'000 : 20'000;
  CHECK(std::stol(once.substr(once.find(" of ") + 4)) >= at_least);
  CHECK(trial.digest("1") == once);
  CHECK(trial.digest("2") != once);
}

}  // namespace homeostat::testing
