// SPDX-License-Identifier: Apache-2.0
// What a policy may name under a configuration.
#include "controller/cli/vocabulary.hpp"

#include <catch2/catch.hpp>
#include <set>
#include <string>

namespace homeostat {
namespace {

std::set<std::string> undeclared_classes(std::vector<FeatureConfig> features,
                                         Mode ceiling = Mode::shadow) {
  Config config;
  config.mode_ceiling = ceiling;
  config.features = std::move(features);
  return make_vocabulary(config).levers.at("feature").undeclared;
}

TEST_CASE(
    "vocabulary: a class without features is undeclared, once there are features, or acts at all") {
  CHECK(undeclared_classes({{"monthly_report", "batch"}, {"search", "own"}}) ==
        std::set<std::string>{"class/non_critical", "class/rebuildable"});
  CHECK(undeclared_classes({{"a", "batch"}, {"b", "rebuildable"}, {"c", "non_critical"}}).empty());
  CHECK(undeclared_classes({}).empty());
  for (const auto ceiling : {Mode::canary, Mode::enforce}) {
    CHECK(undeclared_classes({}, ceiling) ==
          std::set<std::string>{"class/batch", "class/non_critical", "class/rebuildable"});
  }
  CHECK(make_vocabulary().levers.at("feature").undeclared.empty());
}

}  // namespace
}  // namespace homeostat
