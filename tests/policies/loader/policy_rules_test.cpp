// SPDX-License-Identifier: Apache-2.0
// Rules of one policy that a table of keys cannot say.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

namespace {

/// A breaker with another ladder, which stands in line 5 from column 9 on.
std::string climbing(const std::string& ladder) {
  return replaced(breaker(), "[{lever: feature, target: class/batch, admit: 0%}]", ladder);
}

}  // namespace

TEST_CASE("the steps of a restore rise and end with everything") {
  CHECK(errors_of(breaker("restore: {steps: [25%, 25%, 100%]}\n")) ==
        Texts{"6:24: `steps` must rise; 25% follows 25%"});
  CHECK(errors_of(breaker("restore: {steps: [5%, 50%]}\n")) ==
        Texts{"6:23: the last of `steps` must be 100%: all service comes back"});
  CHECK(errors_of(breaker("restore: {steps: [100%]}\n")).empty());
  CHECK(errors_of(breaker("restore: {steps: []}\n")).size() == 1);
  CHECK(errors_of(breaker("restore: {steps: [0%, 100%]}\n")).size() == 1);
}

TEST_CASE("a hold never ends before it begins") {
  CHECK(errors_of(breaker("hold: {first: 2m, max: 1m}\n")) ==
        Texts{"6:24: `max` is 1m; expected at least `first` (2m)"});
  CHECK(errors_of(breaker("hold: {first: 10m}\n")).size() == 1);
}

TEST_CASE("a bench never ends before it begins") {
  CHECK(errors_of(breaker("bench: {first: 5h}\n")) ==
        Texts{"6:16: `max` is 4h; expected at least `first` (5h)"});
  CHECK(errors_of(breaker("bench: {tries: 0}\n")).size() == 1);
}

TEST_CASE("an act outlives the next evaluation") {
  CHECK(errors_of(climbing("[{lever: feature, target: class/batch, admit: 0%, ttl: 30s}]")) ==
        Texts{"5:64: `ttl` is 30s, so the act would lapse before it is renewed; expected more than "
              "`every` (30s)"});
}

TEST_CASE("a rung that goes no further than one before it is refused") {
  CHECK(errors_of(climbing("[{lever: feature, target: class/batch, admit: 50%}, "
                           "{lever: feature, target: class/batch, admit: 0%}]"))
            .empty());
  CHECK(errors_of(climbing("[{lever: feature, target: class/batch, admit: 0%}, "
                           "{lever: feature, target: class/batch, admit: 0%}]")) ==
        Texts{"5:60: this rung does nothing: rung 1 has set `feature` on `class/batch` already; "
              "expected another target or less admitted"});
}

TEST_CASE("an act without a target needs a subject that its lever can be set on") {
  CHECK(errors_of(climbing("[{lever: feature, admit: 0%}]"))[0].starts_with(
      "5:10: lever `feature` cannot be set on `cluster`, the policy's subject"));
  auto known = vocabulary();
  known.levers["feature"].targets.push_back("node/main");
  const auto load =
      load_texts({climbing("[{lever: feature, admit: 0%}]") + "for_each: node\n"}, known);
  REQUIRE(load.set.has_value());
  CHECK(load.set->policies.front().ladder.front().target.empty());
}

TEST_CASE("a target is refused when the inventory has none for its lever") {
  auto known = vocabulary();
  known.levers["feature"].targets.clear();
  CHECK(texts_of(load_texts({breaker()}, known).errors) ==
        Texts{"1.yaml:5:35: the inventory has no target for lever `feature`"});
}

TEST_CASE("a lever whose value the inventory declares takes it from there") {
  const auto policy = load_one(climbing("[{lever: planner_profile, target: profile/contention}]"));
  CHECK(policy.ladder.front().value.arguments ==
        std::map<std::string, Argument>{{"reporting/jit", std::string("off")}});
  CHECK(errors_of(climbing("[{lever: planner_profile, target: profile/contentoin}]")) ==
        Texts{"5:43: `target` is `profile/contentoin`, which is not known; did you mean "
              "`profile/contention`?"});
  CHECK(errors_of(climbing("[{lever: planner_profile, target: profile/contention, jit: off}]"))
            .size() == 1);
}

TEST_CASE(
    "a rung on what the inventory does not declare is dropped, the last one with the policy") {
  const std::string undeclared = "{lever: planner_profile, target: profile/undeclared}";
  const auto load = load_texts(
      {climbing("[" + undeclared + ", {lever: feature, target: class/batch, admit: 0%}]")});
  REQUIRE(load.set.has_value());
  REQUIRE(load.set->policies.front().ladder.size() == 1);
  CHECK(load.set->policies.front().ladder.front().lever == "feature");
  CHECK(texts_of(load.notes) ==
        Texts{"1.yaml:5:43: policy `storm`: this rung is dropped: the inventory declares no "
              "`profile/undeclared`"});
  CHECK(errors_of(climbing("[" + undeclared + "]")) ==
        Texts{"5:1: the inventory declares no `profile/undeclared`, and no other rung of this "
              "policy is left; without an `alert` it would do nothing"});
  CHECK(load_one(climbing("[" + undeclared + "]") + "alert: {severity: page}\n").kind ==
        PolicyKind::alert);
}

TEST_CASE("a rung on a class that none of the inventory's features is in is dropped as well") {
  auto known = vocabulary();
  known.levers["feature"].undeclared = {"class/batch"};
  const auto load = load_texts({climbing("[{lever: feature, target: class/batch, admit: 0%}, "
                                         "{lever: feature, target: class/non_critical, admit: "
                                         "0%}]")},
                               known);
  REQUIRE(load.set.has_value());
  REQUIRE(load.set->policies.front().ladder.size() == 1);
  CHECK(load.set->policies.front().ladder.front().target == "class/non_critical");
  CHECK(texts_of(load.notes) ==
        Texts{"1.yaml:5:35: policy `storm`: this rung is dropped: the inventory declares no "
              "`class/batch`"});
}

TEST_CASE("a ladder is refused when there is no lever at all") {
  auto known = vocabulary();
  known.levers.clear();
  CHECK(load_texts({breaker()}, known).errors.size() == 1);
}

TEST_CASE("arguments of a lever are read in base units") {
  auto known = vocabulary();
  LeverDescription window;
  window.arguments = {{"window", ArgumentType::duration, true, ""},
                      {"limit", ArgumentType::number, false, ""},
                      {"by", ArgumentType::text, false, ""}};
  window.targets = {"group/counts"};
  known.levers["batch_window"] = window;
  const auto load = load_texts({climbing("[{lever: batch_window, target: group/counts, window: "
                                         "250ms, limit: 12.5, by: load}]")},
                               known);
  REQUIRE(load.set.has_value());
  const auto& arguments = load.set->policies.front().ladder.front().value.arguments;
  CHECK(arguments == std::map<std::string, Argument>{
                         {"by", std::string("load")}, {"limit", 12.5}, {"window", 0.25}});
}

TEST_CASE("for_each takes every subject of the inventory and select some of them") {
  auto known = vocabulary();
  const Subject main{SubjectKind::node, "main"};
  const Subject worker{SubjectKind::node, "worker"};
  known.subjects[SubjectKind::node] = {main, worker};
  const auto all = load_texts({breaker("for_each: node\n")}, known);
  REQUIRE(all.set.has_value());
  CHECK(all.set->policies.front().subjects == std::vector{main, worker});
  const auto one = load_texts({breaker("for_each: node\nselect: {name: worker}\n")}, known);
  REQUIRE(one.set.has_value());
  CHECK(one.set->policies.front().subjects == std::vector{worker});
}

TEST_CASE("for_each and select that match nothing are refused") {
  CHECK(errors_of(breaker("for_each: node\nselect: {name: mian}\n")) ==
        Texts{"7:16: `select` matches nothing: there is no node `mian`; did you mean `main`?"});
  CHECK(errors_of(breaker("for_each: node\nselect: {zone: a}\n")) ==
        Texts{"7:10: unknown name `zone`; expected `name`"});
  CHECK(errors_of(breaker("select: {name: main}\n")) ==
        Texts{"6:1: `select` needs `for_each`; there is only one cluster"});
}

TEST_CASE(
    "a policy about what is not configured at all is left out with a note, and blocks nobody") {
  auto other = breaker("blocked_while: [storm]\n");
  other.replace(other.find("policy: storm"), 13, "policy: other");
  const auto load = load_texts({breaker("for_each: view\n"), other});
  REQUIRE(load.set.has_value());
  REQUIRE(load.set->policies.size() == 1);
  CHECK(load.set->policies.front().name == "other");
  CHECK(load.set->policies.front().blocked_while.empty());
  REQUIRE(load.notes.size() == 1);
  CHECK_THAT(
      load.notes[0].message,
      Catch::Matchers::Contains("is left out: `for_each` is `view`, and no view is configured"));
  // Its keys are read as strictly as any, and its name is taken.
  CHECK(errors_of(breaker("for_each: view\nlader: []\n")).size() == 1);
  CHECK_FALSE(load_texts({breaker("for_each: view\n"), breaker("")}).set.has_value());
}

TEST_CASE("an expectation moves one way, and is dropped with a note when nobody measures it") {
  CHECK(load_one(breaker("expect: {signal: pg_blocked_ratio, falls_by: 20%, within: 3m}\n"))
            .expect->amount == 0.2);
  CHECK(errors_of(breaker("expect: {signal: probe_up, within: 3m}\n")).size() == 1);
  CHECK(
      errors_of(breaker("expect: {signal: probe_up, above: 0.5, below: 1, within: 3m}\n")).size() ==
      1);
  const auto load =
      load_texts({breaker("expect: {signal: citus_node_cv, below: 0.1, within: 3m}\n")});
  REQUIRE(load.set.has_value());
  CHECK_FALSE(load.set->policies.front().expect.has_value());
  CHECK(load.notes.size() == 1);
}

TEST_CASE("labels that Homeostat sets itself are refused") {
  CHECK(errors_of(breaker("alert: {labels: {severity: page}}\n")) ==
        Texts{"6:18: label `severity` is set by Homeostat itself"});
}
