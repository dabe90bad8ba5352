// SPDX-License-Identifier: Apache-2.0
// Rules across policies, and what becomes of all of them together.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

namespace {

std::string named(const std::string& name, const std::string& more = "") {
  return replaced(breaker(more), "storm", name);
}

}  // namespace

TEST_CASE("a policy's name is there once in all files") {
  const auto load = load_texts({breaker(), breaker("mode: off\n")});
  REQUIRE(load.errors.size() == 1);
  const auto text = texts_of(load.errors)[0];
  CHECK(text.starts_with("2.yaml:2:1: policy `storm` is there twice; the first is "));
  CHECK(text.ends_with("1.yaml:2"));
}

TEST_CASE("two policies that want one target must differ in admission or priority") {
  const auto tie = load_texts({named("one"), named("two")});
  REQUIRE(tie.errors.size() == 1);
  CHECK(texts_of(tie.errors)[0].starts_with("2.yaml:5:10: policy `one` ("));
  CHECK(load_texts({named("one"), named("two", "priority: 1\n")}).errors.empty());
  CHECK(load_texts({named("one"), named("two", "mode: off\n")}).errors.empty());
  CHECK(load_texts({named("one"), replaced(named("two"), "0%", "10%")}).errors.empty());
  CHECK(load_texts({named("one"), replaced(named("two"), "class/batch", "class/non_critical")})
            .errors.empty());
}

TEST_CASE("blocked_while names policies that there are") {
  const auto load = load_texts({named("one", "blocked_while: [waitin]\n"), alert()});
  CHECK(texts_of(load.errors) ==
        Texts{"1.yaml:6:17: there is no policy `waitin`; did you mean `waiting`?"});
  CHECK(load_texts({named("one", "blocked_while: [one]\n")}).errors.size() == 1);
  const auto good = load_texts({named("one", "blocked_while: [waiting]\n"), alert()});
  REQUIRE(good.set.has_value());
  CHECK(good.set->policies.front().blocked_while == Texts{"waiting"});
}

TEST_CASE("an alert waits for nobody, so that `blocked_while` is none of its keys") {
  const auto load = load_texts({named("one"), alert("blocked_while: [one]\n")});
  CHECK(texts_of(load.errors) ==
        Texts{"2.yaml:6:1: `blocked_while` is not a key of a policy of kind alert, only of a "
              "policy of kind breaker"});
}

TEST_CASE("a policy in a file that could not be read is not missed") {
  const auto load = load_texts({named("one", "blocked_while: [waiting]\n"), alert("[\n")});
  REQUIRE(load.errors.size() == 1);
  CHECK(texts_of(load.errors)[0].starts_with("2.yaml:"));
}

TEST_CASE("policies come in order of name with the settings and traits given") {
  EngineSettings settings;
  settings.fold = 7s;
  const TempFolder folder;
  const auto b = folder.write("b.yaml", named("alpha", "mode: enforce\n"));
  const auto a = folder.write("a.yaml", alert());
  auto known = vocabulary();
  known.levers["feature"].traits.isolates = true;
  const auto load = load_policies({a, b}, known, Mode::shadow, settings, 1);
  REQUIRE(load.set.has_value());
  REQUIRE(load.set->policies.size() == 2);
  CHECK(load.set->policies[0].name == "alpha");
  CHECK(load.set->policies[1].name == "waiting");
  CHECK(load.set->settings == settings);
  CHECK(load.set->signals.at("pg_blocked_ratio").shape == SignalShape::ratio);
  CHECK(load.set->signals.size() == known.signals.size());
  CHECK(load.set->levers.at("feature").isolates);
}

TEST_CASE("modes are capped at the ceiling") {
  const TempFolder folder;
  const auto mode = [&folder](const std::string& written, Mode ceiling) {
    const auto file = folder.write("p.yaml", breaker("mode: " + written + "\n"));
    const auto load = load_policies({file}, vocabulary(), ceiling, {}, 1);
    REQUIRE(load.set.has_value());
    return load.set->policies.front().mode;
  };
  CHECK(mode("enforce", Mode::shadow) == Mode::shadow);
  CHECK(mode("enforce", Mode::enforce) == Mode::enforce);
  CHECK(mode("shadow", Mode::enforce) == Mode::shadow);
  CHECK(mode("\"off\"", Mode::enforce) == Mode::off);
}

TEST_CASE("speed_up divides the durations of policies and nothing else") {
  const TempFolder folder;
  const auto file = folder.write("p.yaml", breaker());
  const auto normal = load_policies({file}, vocabulary(), Mode::enforce, {}, 1);
  const auto fast = load_policies({file}, vocabulary(), Mode::enforce, {}, 10);
  REQUIRE(normal.set.has_value());
  REQUIRE(fast.set.has_value());
  CHECK(fast.set->policies.front() == sped_up(normal.set->policies.front(), 10));
  CHECK(fast.set->policies.front().every == 3s);
  CHECK(fast.set->settings == normal.set->settings);
}

TEST_CASE("the hash follows the policy's own text and not comments or neighbours") {
  const auto hash = load_one(breaker()).hash;
  CHECK(hash.size() == 16);
  CHECK(hash.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(hash == load_one("# why\n" + breaker("# because\n")).hash);
  CHECK(hash != load_one(replaced(breaker(), "trip: 1", "trip: 2")).hash);
  const auto both = load_texts({alert() + replaced(breaker(), "version: 1\n", "---\n")});
  REQUIRE(both.set.has_value());
  CHECK(both.set->policies.front().hash == hash);
}

TEST_CASE("the hash is SHA-256 of the canonical text") {
  // printf '%s' '{"kind":…}' | sha256sum, with the text of yaml_tree's canonical().
  const auto policy = load_one(
      "version: 1\npolicy: w\nkind: alert\nopen: {signal: probe_up, below: 0.5}\nalert: {severity: "
      "page}\n");
  CHECK(policy.hash == "1f7f028153ce9f10");
}

TEST_CASE("no files make an empty set") {
  const auto load = load_policies({}, vocabulary(), Mode::enforce, {}, 1);
  REQUIRE(load.set.has_value());
  CHECK(load.set->policies.empty());
}
