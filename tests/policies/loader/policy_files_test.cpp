// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using test::TempFolder;

TEST_CASE("patterns begin at the configuration's folder and give sorted files, each once") {
  const TempFolder folder;
  const auto b = folder.write("odd[1]/policies/b.yaml", "");
  const auto a = folder.write("odd[1]/policies/a.yaml", "");
  folder.write("odd[1]/policies/README.md", "");
  Config config;
  config.path = folder.path("odd[1]/homeostat.yaml");
  config.policies = {"policies/*.yaml", folder.path("odd\\[1]/policies/b.yaml")};
  const auto files = policy_files(config);
  REQUIRE(files.has_value());
  CHECK(*files == std::vector<std::string>{a, b});
}

TEST_CASE("a pattern that matches nothing is an error") {
  const TempFolder folder;
  Config config;
  config.path = folder.path("homeostat.yaml");
  config.policies = {"policies/*.yaml"};
  const auto files = policy_files(config);
  REQUIRE(files.has_error());
  CHECK(files.error().code == ErrorCode::invalid_input);
  CHECK(files.error().place.file == config.path);
  CHECK(files.error().context == "policies: `policies/*.yaml` matches no file");
}

TEST_CASE("no patterns are no files") {
  const auto files = policy_files(Config{});
  REQUIRE(files.has_value());
  CHECK(files->empty());
}
