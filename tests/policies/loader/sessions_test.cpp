// SPDX-License-Identifier: Apache-2.0
// `sessions` of the inventory.
#include "policies/loader/sessions.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

namespace {

/// A configuration with these sessions, the first in line 8.
std::string with_sessions(const std::string& sessions) {
  return small_config("inventory:\n  sessions:\n    " + sessions + "\n");
}

}  // namespace

TEST_CASE("sessions are read with their defaults, and stand as the lever takes them") {
  const TempFolder folder;
  const auto load = load_config(
      folder.write("homeostat.yaml", with_sessions("batch: {roles: [reporting, app_batch]}\n"
                                                   "    etl: {roles: [etl], idle_for: 2m, "
                                                   "limit: 20}")));
  REQUIRE(load.config.has_value());
  const auto& all = load.config->sessions;
  REQUIRE(all.size() == 2);
  CHECK(all[0] == SessionsConfig{"batch", {"reporting", "app_batch"}, std::chrono::seconds{30}, 5});
  CHECK(all[1] == SessionsConfig{"etl", {"etl"}, std::chrono::minutes{2}, 20});
  const std::map<std::string, Argument> value{
      {"roles", std::string("reporting, app_batch")}, {"idle_for", 30.0}, {"limit", 5.0}};
  CHECK(sessions_value(all[0]).arguments == value);
}

TEST_CASE("sessions of nobody, too soon or too many are refused") {
  CHECK(config_errors_of(with_sessions("batch: {limit: 3}")).size() == 1);
  CHECK(config_errors_of(with_sessions("batch: {roles: []}")).size() == 1);
  CHECK(config_errors_of(with_sessions("batch: {roles: [a], idle_for: 4s}")).size() == 1);
  CHECK(config_errors_of(with_sessions("batch: {roles: [a], limit: 0}")).size() == 1);
  CHECK(config_errors_of(with_sessions("batch: {roles: [a], limit: 21}")).size() == 1);
}

TEST_CASE("a role's sessions belong to one entry, and Homeostat's own to none") {
  CHECK(config_errors_of(with_sessions("batch: {roles: [a, a]}")) ==
        Texts{"8:24: role `a` is there twice"});
  CHECK(config_errors_of(with_sessions("batch: {roles: [a]}\n    etl: {roles: [b, a]}")) ==
        Texts{"9:22: sessions `batch` name role `a` already"});
  CHECK(config_errors_of(with_sessions("batch: {roles: [homeostat_monitor]}")) ==
        Texts{"8:21: role `homeostat_monitor` is Homeostat's own: no lever touches it"});
}
