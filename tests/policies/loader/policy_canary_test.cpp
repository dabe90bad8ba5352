// SPDX-License-Identifier: Apache-2.0
// `mode: canary` and `canary:`.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

namespace {

const std::string kProfile = "[{lever: feature, target: class/batch, admit: 0%}]";

/// A breaker whose lever shares no keys.
std::string without_keys(const std::string& more) {
  return replaced(breaker(more), kProfile,
                  "[{lever: planner_profile, target: profile/contention}]");
}

PolicyLoad under(Mode ceiling, const std::string& text) {
  const TempFolder folder;
  return load_policies({folder.write("1.yaml", text)}, vocabulary(), ceiling, {}, 1);
}

}  // namespace

TEST_CASE("canary: 1 % for a day, then 15 % for a day, unless the policy says otherwise") {
  const auto usual = load_one(breaker("mode: canary\n"));
  CHECK(usual.mode == Mode::canary);
  CHECK(usual.canary == CanaryRule{});
  CHECK(usual.canary.steps ==
        std::vector<CanaryStep>{{0.01, std::chrono::hours{24}}, {0.15, std::chrono::hours{24}}});
  const auto own =
      load_one(breaker("canary: {steps: [{share: 2%, for: 1h}, {share: 0.3, for: 2d}], "
                       "min_acts: 5, most_failed: 0%}\n"));
  CHECK(own.canary.steps ==
        std::vector<CanaryStep>{{0.02, std::chrono::hours{1}}, {0.3, std::chrono::hours{48}}});
  CHECK(own.canary.min_acts == 5);
  CHECK(own.canary.most_failed == 0);
}

TEST_CASE("canary: its steps rise, and leave more than half alone") {
  CHECK(errors_of(breaker("canary: {steps: [{share: 10%, for: 1h}, {share: 5%, for: 1h}]}\n")) ==
        Texts{"6:49: the steps of `canary` must rise; 5% follows 10%"});
  CHECK(errors_of(breaker("canary: {steps: [{share: 50%, for: 1h}]}\n")).size() == 1);
  CHECK(errors_of(breaker("canary: {steps: [{share: 0%, for: 1h}]}\n")).size() == 1);
  CHECK(errors_of(breaker("canary: {steps: [{share: 5%}]}\n")).size() == 1);
  CHECK(errors_of(breaker("canary: {steps: []}\n")).size() == 1);
  CHECK(errors_of(breaker("canary: {min_acts: 0}\n")).size() == 1);
  CHECK(errors_of(breaker("canary: {most_failed: 100%}\n")).size() == 1);
}

TEST_CASE("canary: a policy that cannot be tried on a share is refused in it, and says why") {
  CHECK(errors_of(without_keys("mode: canary\n")) ==
        Texts{"6:7: policy `storm` cannot be in canary: not every rung admits a share of its keys "
              "(`admit`), and there is only one subject; expected shadow or enforce"});
  CHECK(errors_of(alert("mode: canary\n")).empty());
}

TEST_CASE("canary: under such a ceiling what is to be enforced is tried, or stays in shadow") {
  const auto tried = under(Mode::canary, breaker("mode: enforce\n"));
  REQUIRE(tried.set);
  CHECK(tried.set->policies[0].mode == Mode::canary);
  CHECK(tried.notes.empty());
  const auto watched = under(Mode::canary, without_keys("mode: enforce\n"));
  REQUIRE(watched.set);
  CHECK(watched.set->policies[0].mode == Mode::shadow);
  REQUIRE(watched.notes.size() == 1);
  CHECK(watched.notes[0].message.find("stays in shadow under `mode_ceiling: canary`") !=
        std::string::npos);
}

TEST_CASE("canary: a clock that runs faster shortens its steps") {
  const TempFolder folder;
  const auto file = folder.write("1.yaml", breaker("mode: canary\n"));
  const auto load = load_policies({file}, vocabulary(), Mode::enforce, {}, 10);
  REQUIRE(load.set);
  CHECK(load.set->policies[0].canary.steps[0].hold_for == std::chrono::minutes{144});
}
