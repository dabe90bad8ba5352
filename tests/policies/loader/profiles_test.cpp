// SPDX-License-Identifier: Apache-2.0
// `profiles` of the inventory.
#include "policies/loader/profiles.hpp"

#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

namespace {

/// A configuration with these profiles, the first in line 8.
std::string with_profiles(const std::string& profiles) {
  return small_config("inventory:\n  profiles:\n    " + profiles + "\n");
}

std::vector<ProfileConfig> profiles_of(const std::string& profiles) {
  const TempFolder folder;
  const auto load = load_config(folder.write("homeostat.yaml", with_profiles(profiles)));
  INFO((load.errors.empty() ? std::string{} : to_text(load.errors.front())));
  REQUIRE(load.config.has_value());
  return load.config->profiles;
}

/// What is wrong with one profile that has these settings.
Texts errors_of_settings(const std::string& settings) {
  return config_errors_of(with_profiles("calm: {roles: [a], settings: {" + settings + "}}"));
}

}  // namespace

TEST_CASE("settings are read as PostgreSQL writes them") {
  const auto profiles = profiles_of(
      "calm: {roles: [a], settings: {max_parallel_workers_per_gather: 0, jit: off, lock_timeout: "
      "2s, idle_in_transaction_session_timeout: 1m30s, random_page_cost: 1.10}}\n"
      "    quick: {roles: [b, c], settings: {lock_timeout: 1s500ms, jit: \"on\"}}");
  REQUIRE(profiles.size() == 2);
  CHECK(profiles[0].settings ==
        std::map<std::string, std::string>{{"idle_in_transaction_session_timeout", "90s"},
                                           {"jit", "off"},
                                           {"lock_timeout", "2s"},
                                           {"max_parallel_workers_per_gather", "0"},
                                           {"random_page_cost", "1.1"}});
  CHECK(profile_value(profiles[1]).arguments ==
        std::map<std::string, Argument>{{"b/jit", std::string("on")},
                                        {"b/lock_timeout", std::string("1500ms")},
                                        {"c/jit", std::string("on")},
                                        {"c/lock_timeout", std::string("1500ms")}});
}

TEST_CASE("a setting off the list is refused with the nearest name (S8, H59)") {
  CHECK(errors_of_settings("jti: off") ==
        Texts{"8:35: unknown key `jti` in `settings`; did you mean `jit`?"});
  for (const auto* const setting :
       {"work_mem: 1GB", "hash_mem_multiplier: 8", "plan_cache_mode: force_custom_plan",
        "statement_timeout: 5s", "search_path: public"}) {
    INFO(setting);
    const auto errors = errors_of_settings("jit: off, " + std::string(setting));
    REQUIRE(errors.size() == 1);
    CHECK(errors[0].starts_with("8:45: unknown key `"));
    CHECK(errors[0].find("expected one of `max_parallel_workers_per_gather`") != std::string::npos);
  }
}

TEST_CASE("a value beyond its ceiling is refused with what is expected (S8)") {
  CHECK(errors_of_settings("lock_timeout: 2m") ==
        Texts{"8:49: `lock_timeout` is `2m`; expected a duration from 100ms up to 1m, such as "
              "500ms, 30s or 1h30m"});
  CHECK(errors_of_settings("max_parallel_workers: 9") ==
        Texts{"8:57: `max_parallel_workers` is `9`; expected a whole number from 0 up to 8"});
  CHECK(errors_of_settings("jit: true") ==
        Texts{"8:40: `jit` is `true`, which is not known; expected one of `on`, `off`"});
  CHECK(errors_of_settings("random_page_cost: 0.5").size() == 1);
  CHECK(errors_of_settings("lock_timeout: 0s").size() == 1);
  CHECK(errors_of_settings("idle_in_transaction_session_timeout: 500ms").size() == 1);
}

TEST_CASE("a profile has roles, each of them once, and settings") {
  CHECK(config_errors_of(with_profiles("calm: {roles: [a, a], settings: {jit: off}}")) ==
        Texts{"8:23: role `a` is there twice"});
  CHECK(config_errors_of(with_profiles("calm: {roles: [], settings: {jit: off}}")).size() == 1);
  CHECK(config_errors_of(with_profiles("calm: {roles: [a]}")) ==
        Texts{"8:5: `settings` is missing in a profile; expected a map of "
              "`max_parallel_workers_per_gather`, `max_parallel_workers`, `jit`, `lock_timeout`, "
              "`idle_in_transaction_session_timeout`, `random_page_cost`"});
  CHECK(config_errors_of(with_profiles("calm: {settings: {jit: off}}")).size() == 1);
  CHECK(config_errors_of(with_profiles("calm: {}\n    calm: {}")).size() == 3);
  CHECK(config_errors_of(with_profiles("calm: 5")) ==
        Texts{"8:11: `calm` is `5`; expected a map of `roles`, `settings`"});
}

TEST_CASE("a role's name is a name, and none of Homeostat's own (H44)") {
  for (const auto* const role : {"a b", "x'; DROP ROLE y; --", "x\\\"y", "", "1a"}) {
    INFO(role);
    CHECK(config_errors_of(
              with_profiles("calm: {roles: [\"" + std::string(role) + "\"], settings: {jit: off}}"))
              .size() == 1);
  }
  for (const auto* const role : {"homeostat_owner", "homeostat_monitor"}) {
    CHECK(config_errors_of(
              with_profiles("calm: {roles: [" + std::string(role) + "], settings: {jit: off}}")) ==
          Texts{"8:20: role `" + std::string(role) + "` is Homeostat's own: no lever touches it"});
  }
}

TEST_CASE("one role's setting belongs to one profile") {
  CHECK(config_errors_of(with_profiles("calm: {roles: [a], settings: {jit: off}}\n"
                                       "    calmer: {roles: [b, a], settings: {jit: on}}")) ==
        Texts{"9:25: profile `calm` sets `jit` of role `a` already"});
  CHECK(profiles_of("calm: {roles: [a], settings: {jit: off}}\n"
                    "    calmer: {roles: [a], settings: {lock_timeout: 2s}}")
            .size() == 2);
}
