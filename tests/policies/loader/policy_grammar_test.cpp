// SPDX-License-Identifier: Apache-2.0
// What the table of keys says: keys, types, ranges, names.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

TEST_CASE("a misspelt signal, a duplicate key and an inverted clear level are all named at once") {
  const auto load = load_texts(
      {"version: 1\n"
       "policy: storm\n"
       "kind: breaker\n"
       "open:\n"
       "  any:\n"
       "    - {signal: pg_bloked_ratio, cusum: {ref: 0.20, trip: 1}, clear_below: 0.25}\n"
       "ladder:\n"
       "  - {lever: feature, target: class/batch, admit: 0%}\n"
       "every: 30s\n"
       "every: 10s\n"});
  CHECK_FALSE(load.set.has_value());
  CHECK(texts_of(load.errors) ==
        Texts{"1.yaml:6:16: `signal` is `pg_bloked_ratio`, which is not known; did you mean "
              "`pg_blocked_ratio`?",
              "1.yaml:6:75: `clear_below` is 0.25; expected less than `ref` of `cusum` (0.2)",
              "1.yaml:10:1: key `every` is written twice; the first is in line 9"});
}

TEST_CASE("a small breaker has the defaults of the model") {
  const auto policy = load_one(breaker());
  auto expected = Policy{};
  expected.name = "storm";
  Arm arm;
  arm.signal = "pg_blocked_ratio";
  arm.clear_level = 0.15;
  CusumTest cusum;
  cusum.ref = 0.2;
  arm.test = cusum;
  expected.open.arms = {arm};
  Act act;
  act.lever = "feature";
  act.target = "class/batch";
  act.value.arguments["admit"] = 0.0;
  expected.ladder = {act};
  expected.hash = policy.hash;
  expected.place = policy.place;
  CHECK(policy == expected);
  CHECK(policy.place.line == 2);
}

TEST_CASE("a small alert has the defaults of the model") {
  const auto policy = load_one(alert());
  auto expected = Policy{};
  expected.name = "waiting";
  expected.kind = PolicyKind::alert;
  Arm arm;
  arm.signal = "pg_lock_wait_max_seconds";
  LevelTest level;
  level.threshold = 5;
  arm.test = level;
  expected.open.arms = {arm};
  expected.alert = AlertSpec{};
  expected.hash = policy.hash;
  expected.place = policy.place;
  CHECK(policy == expected);
}

TEST_CASE("every key of a breaker is read") {
  const auto policy = load_one(
      "version: 1\n"
      "policy: storm\n"
      "kind: breaker\n"
      "mode: enforce\n"
      "description: why\n"
      "every: 1m\n"
      "for_each: node\n"
      "select: {name: main}\n"
      "open:\n"
      "  all:\n"
      "    - {signal: pg_blocked_ratio, clear_below: 0.12, clear_for: 2m, max_rung: 1, max_open: "
      "1h,\n"
      "       cusum: {ref: 0.2, trip: 2, step_cap: 0.5, prior: {weight: 3, ratio: 0.1}}}\n"
      "    - {signal: probe_up, below: 0.5, for: 90s, clear_above: 0.9, smooth: 5s, agg: min}\n"
      "    - {signal: pg_lock_wait_max_seconds, above: 4, for_samples: 3, clear_below: 1, agg: "
      "sum}\n"
      "ladder:\n"
      "  - {lever: feature, target: feature/recommendations, admit: 25%, ttl: 5m}\n"
      "climb_after: 45s\n"
      "hold: {first: 90s, factor: 1.5, max: 1h}\n"
      "bench: {first: 5m, factor: 3, max: 1d, tries: 2}\n"
      "restore: {steps: [0.1, 100%], each: 20s}\n"
      "expect: {signal: pg_lock_wait_max_seconds, below: 1, within: 4m}\n"
      "limits: {per_hour: 3, max_subjects: 50%}\n"
      "priority: -7\n"
      "alert: {severity: page, labels: {team: db}, annotations: {hint: look}, runbook: \"x\"}\n");
  CHECK(policy.mode == Mode::enforce);
  CHECK(policy.description == "why");
  CHECK(policy.every == 60s);
  CHECK(policy.subjects == std::vector<Subject>{{SubjectKind::node, "main"}});
  CHECK(policy.open.combination == Combination::all);
  REQUIRE(policy.open.arms.size() == 3);
  Arm first;
  first.signal = "pg_blocked_ratio";
  first.test = CusumTest{0.2, 2, 0.5, 3, 0.1};
  first.clear_level = 0.12;
  first.clear_for = 2min;
  first.max_rung = 1;
  first.max_open = 1h;
  CHECK(policy.open.arms[0] == first);
  Arm second;
  second.signal = "probe_up";
  second.test = LevelTest{Comparison::below, 0.5, 90s, 2};
  second.clear_level = 0.9;
  second.smooth = 5s;
  second.aggregate = Aggregate::min;
  CHECK(policy.open.arms[1] == second);
  Arm third;
  third.signal = "pg_lock_wait_max_seconds";
  third.test = LevelTest{Comparison::above, 4, std::nullopt, 3};
  third.clear_level = 1;
  third.aggregate = Aggregate::sum;
  CHECK(policy.open.arms[2] == third);
  Act act;
  act.lever = "feature";
  act.target = "feature/recommendations";
  act.value.arguments["admit"] = 0.25;
  act.ttl = 5min;
  CHECK(policy.ladder == std::vector{act});
  CHECK(policy.climb_after == 45s);
  CHECK(policy.hold == Hold{90s, 1.5, 1h});
  CHECK(policy.bench == BenchRule{5min, 3, 24h, 2});
  CHECK(policy.restore == Restore{{0.1, 1.0}, 20s});
  CHECK(policy.expect == Expectation{"pg_lock_wait_max_seconds", ExpectedMove::below, 1, 4min});
  CHECK(policy.limits == Limits{3, 0.5});
  CHECK(policy.priority == -7);
  CHECK(policy.alert == AlertSpec{"page", {{"team", "db"}}, {{"hint", "look"}}, "x"});
}

TEST_CASE("an unknown key is named with the nearest valid one, and is not missed as well") {
  CHECK(errors_of(replaced(breaker(), "ladder", "lader")) ==
        Texts{"5:1: unknown key `lader` in a policy of kind breaker; did you mean `ladder`?"});
  CHECK(errors_of(replaced(breaker(), "clear_below", "clear_blow")) ==
        Texts{"4:62: unknown key `clear_blow` in this condition; did you mean `clear_below`?"});
  CHECK(errors_of(replaced(breaker(), "trip", "tirp")) ==
        Texts{"4:52: unknown key `tirp` in `cusum`; did you mean `trip`?"});
}

TEST_CASE("a key of another kind says whose it is") {
  CHECK(errors_of(alert("climb_after: 30s\n")) ==
        Texts{"6:1: `climb_after` is not a key of a policy of kind alert, only of a policy of kind "
              "breaker"});
  CHECK(errors_of(breaker("windows: []\n")) ==
        Texts{"6:1: `windows` is not a key of a policy of kind breaker, only of a policy of kind "
              "job, which is not in this version yet"});
}

TEST_CASE("kinds and keys to come are refused as such") {
  const auto kind = errors_of(replaced(breaker(), "kind: breaker", "kind: regulator"));
  CHECK(kind == Texts{"3:7: `kind` is `regulator`, which is not in this version yet; expected one "
                      "of `breaker`, `alert`"});
  CHECK(errors_of(replaced(breaker(), "target", "scope: cluster, target")) ==
        Texts{"5:27: `scope` is not in this version yet"});
}

TEST_CASE("a misspelt kind is named and the rest is checked all the same") {
  CHECK(errors_of(replaced(breaker("colour: red\n"), "kind: breaker", "kind: braker")).size() == 2);
  CHECK(errors_of(replaced(breaker(), "kind: breaker", "kind: braker")) ==
        Texts{"3:7: `kind` is `braker`, which is not known; did you mean `breaker`?"});
  CHECK(errors_of(replaced(breaker(), "kind: breaker\n", "")) ==
        Texts{"1:1: `kind` is missing; expected one of `breaker`, `alert`"});
}

TEST_CASE("a missing key is named where its map begins") {
  CHECK(errors_of(replaced(breaker(), "policy: storm\n", "")) ==
        Texts{"1:1: `policy` is missing in a policy of kind breaker; expected a name in lower case "
              "with dashes, such as lock-contention"});
  CHECK(errors_of(replaced(breaker(), ", trip: 1", "")) ==
        Texts{"4:34: `trip` is missing in `cusum`; expected a number above 0"});
  CHECK(errors_of(replaced(breaker(), ", admit: 0%", "")) ==
        Texts{"5:10: `admit` is missing in an act of lever `feature`; expected a share from 0% up "
              "to 100%, such as 25% or 0.25"});
}

TEST_CASE("a value of the wrong type says what was found and what was expected") {
  CHECK(errors_of(breaker("every: soon\n")) ==
        Texts{"6:8: `every` is `soon`; expected a duration from 1s up to 1d, such as 500ms, 30s or "
              "1h30m"});
  CHECK(errors_of(breaker("every: 30\n"))[0].ends_with("; the unit is missing"));
  CHECK(errors_of(breaker("priority: 010\n"))[0].ends_with(
      "(a leading zero means octal to some readers)"));
  CHECK(errors_of(breaker("priority: \"1\"\n"))[0].ends_with(" without quotes"));
  CHECK(errors_of(breaker("priority: 1e2\n")).size() == 1);
  CHECK(errors_of(breaker("description: no\n")) ==
        Texts{"6:14: `description` is `no`, which is no text to a YAML reader; quote it if it is "
              "meant"});
  CHECK(errors_of(breaker("description: \"no\"\n")).empty());
  CHECK(errors_of(breaker("description: [a]\n")) ==
        Texts{"6:14: `description` is a list; expected text"});
  CHECK(errors_of(breaker("description: ~\n"))[0] ==
        "6:1: `description` has no value; expected text");
  CHECK(errors_of(breaker("hold: 60s\n")) ==
        Texts{"6:7: `hold` is `60s`; expected a map of `first`, `factor`, `max`"});
  CHECK(errors_of(breaker("blocked_while: a\n")).size() == 1);
  CHECK(errors_of(replaced(breaker(), "[{lever", "[12, {lever")) ==
        Texts{"5:10: `ladder` is `12`; expected a map of `lever`, `target`, `ttl`, `admit`"});
}

TEST_CASE("impossible numbers are refused") {
  const auto one = [](const std::string& text) {
    INFO(text);
    return errors_of(text).size() == 1;
  };
  CHECK(one(replaced(breaker(), "admit: 0%", "admit: 130%")));
  CHECK(one(replaced(breaker(), "admit: 0%", "admit: -0.1")));
  CHECK(one(replaced(breaker(), "ref: 0.2", "ref: 1")));
  CHECK(one(replaced(breaker(), "ref: 0.2", "ref: 0")));
  CHECK(one(replaced(breaker(), "trip: 1", "trip: 0")));
  CHECK(one(replaced(breaker(), "trip: 1", "trip: .inf")));
  CHECK(one(replaced(breaker(), "trip: 1", "trip: 1, step_cap: 0")));
  CHECK(one(replaced(breaker(), "trip: 1", "trip: 1, prior: {weight: 0}")));
  CHECK(one(breaker("every: 0s\n")));
  CHECK(one(breaker("every: -30s\n")));
  CHECK(one(breaker("hold: {factor: 0.5}\n")));
  CHECK(one(breaker("limits: {per_hour: 0}\n")));
  CHECK(one(breaker("limits: {max_subjects: 0%}\n")));
  CHECK(one(breaker("expect: {signal: probe_up, falls_by: 120%, within: 1m}\n")));
  CHECK(one(replaced(alert(), "above: 5", "above: 5, for_samples: 0")));
}

TEST_CASE("names of policies and labels have a form") {
  for (const auto* const name : {"Storm", "a_b", "-a", "a-", "a--b", "1a"}) {
    INFO(name);
    CHECK(errors_of(replaced(breaker(), "storm", name)).size() == 1);
  }
  CHECK(errors_of(replaced(breaker(), "storm", std::string(5000, 'a'))).size() == 1);
  CHECK(errors_of(breaker("alert: {labels: {a-b: x}}\n")).size() == 1);
  CHECK(errors_of(breaker("alert: {labels: {a: x, a: y}}\n")).size() == 1);
}

TEST_CASE("unknown levers and targets are named with the nearest valid one") {
  CHECK(errors_of(replaced(breaker(), "lever: feature", "lever: featur")) ==
        Texts{"5:18: `lever` is `featur`, which is not known; did you mean `feature`?"});
  CHECK(errors_of(replaced(breaker(), "class/batch", "class/bach")) ==
        Texts{"5:35: `target` is `class/bach`, which is not known; did you mean `class/batch`?"});
  CHECK(errors_of(replaced(breaker(), "admit", "admits")) ==
        Texts{"5:48: unknown key `admits` in an act of lever `feature`; did you mean `admit`?"});
}

TEST_CASE("version is required in the first document of a file only") {
  const auto second = replaced(alert(), "version: 1\n", "---\n");
  CHECK(load_texts({breaker() + second}).set.has_value());
  CHECK(errors_of(replaced(breaker(), "version: 1\n", "")) ==
        Texts{"1:1: `version` is missing in the file's first document; expected `version: 1`"});
  CHECK(errors_of(replaced(breaker(), "version: 1", "version: 2")) ==
        Texts{"1:10: `version` is `2`; expected a whole number (1)"});
  CHECK(load_texts({breaker(), replaced(alert(), "version: 1\n", "")}).errors.size() == 1);
}

TEST_CASE("empty documents and documents without keys are errors") {
  CHECK(errors_of("").size() == 1);
  CHECK(errors_of(breaker("---\n")) == Texts{"6:1: the document is empty; expected a map of keys"});
  CHECK(errors_of("- a\n") == Texts{"1:1: this document is no map; expected `key: value` lines"});
  CHECK(errors_of("{}\n").size() >= 1);
}

TEST_CASE("anchors and aliases may be used") {
  const auto policy = load_one(breaker("hold: {first: &once 45s}\nclimb_after: *once\n"));
  CHECK(policy.hold.first == 45s);
  CHECK(policy.climb_after == 45s);
}

TEST_CASE("errors of broken files do not hide those of others") {
  const auto load = load_texts({breaker("colour: red\n"), "a: [\n", alert("shape: round\n")});
  REQUIRE(load.errors.size() == 3);
  const auto texts = texts_of(load.errors);
  CHECK(texts[0].starts_with("1.yaml:6:1: unknown key `colour`"));
  CHECK(texts[1].starts_with("2.yaml:2:1: this is not YAML"));
  CHECK(texts[2].starts_with("3.yaml:6:1: unknown key `shape`"));
}

TEST_CASE("a missing policy file is a finding without a line") {
  const auto load = load_policies({"/nowhere/at/all.yaml"}, {}, Mode::enforce, {}, 1);
  CHECK_FALSE(load.set.has_value());
  REQUIRE(load.errors.size() == 1);
  CHECK(to_text(load.errors[0]) == "/nowhere/at/all.yaml: no such file");
}
