// SPDX-License-Identifier: Apache-2.0
// `escalate:`, from zones to the node that holds them.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using Texts = std::vector<std::string>;

namespace {

Subject zone(const std::string& name) { return {SubjectKind::zone, name}; }

/// With two zones on the node main, and a lever for both kinds.
Vocabulary with_zones() {
  auto known = vocabulary();
  const Subject main{SubjectKind::node, "main"};
  known.subjects[SubjectKind::zone] = {zone("1"), zone("2")};
  known.holders = {{zone("1"), main}, {zone("2"), main}};
  known.signals["admission_queue_age_seconds"].provided = true;
  LeverDescription lever;
  lever.traits.isolates = true;
  lever.targets = {"node/main", "zone/1", "zone/2"};
  known.levers["zone"] = lever;
  return known;
}

std::string isolation(const std::string& more) {
  return "version: 1\n"
         "policy: isolation\n"
         "kind: breaker\n"
         "for_each: zone\n"
         "open: {signal: admission_queue_age_seconds, above: 5, clear_below: 1}\n"
         "ladder: [{lever: zone}]\n" +
         more;
}

Texts errors_in(const std::string& text, const Vocabulary& known) {
  return texts_of(load_texts({text}, known).errors);
}

const std::string kEscalate = "escalate: {to: node, at: 50%}\n";

}  // namespace

TEST_CASE("an escalation knows which node holds each zone of its policy") {
  const auto load = load_texts({isolation(kEscalate + "select: {name: \"2\"}\n")}, with_zones());
  CHECK(texts_of(load.errors).empty());
  REQUIRE(load.set.has_value());
  const auto& escalate = load.set->policies.front().escalate;
  REQUIRE(escalate.has_value());
  CHECK(escalate->to == SubjectKind::node);
  CHECK(escalate->at == 0.5);
  CHECK(escalate->holders == std::map<Subject, Subject>{{zone("2"), {SubjectKind::node, "main"}}});
}

TEST_CASE("an act that does not name an argument says what the lever falls back on") {
  auto known = with_zones();
  known.levers["zone"].arguments = {{"admit", ArgumentType::share, false, "a share", {}, {}, "0%"}};
  const auto admits = [&known](const std::string& text) {
    const auto load = load_texts({text}, known);
    REQUIRE(load.set.has_value());
    return load.set->policies.front().ladder.at(0).value.arguments;
  };
  CHECK(admits(isolation("")) == std::map<std::string, Argument>{{"admit", 0.0}});
  CHECK(admits(replaced(isolation(""), "{lever: zone}", "{lever: zone, admit: 2%}")) ==
        std::map<std::string, Argument>{{"admit", 0.02}});
}

TEST_CASE("an escalation goes from zones to nodes and nowhere else") {
  CHECK(errors_of(breaker(kEscalate)) ==
        Texts{"6:1: `escalate` goes from zones to the node that holds them; expected `for_each: "
              "zone`"});
  CHECK(errors_in(isolation("escalate: {to: cluster, at: 50%}\n"), with_zones()).size() == 1);
  CHECK(errors_in(isolation("escalate: {to: node}\n"), with_zones()).size() == 1);
  CHECK(errors_in(isolation("escalate: {to: node, at: 0%}\n"), with_zones()).size() == 1);
}

TEST_CASE("an escalation needs to know the node of each zone") {
  auto known = with_zones();
  known.holders.erase(zone("2"));
  CHECK(errors_in(isolation(kEscalate), known) ==
        Texts{"1.yaml:7:1: `escalate` needs to know each zone's node; the inventory names none for "
              "`zone/2`"});
}

TEST_CASE("an escalation needs a rung on the subject and a lever that knows nodes") {
  const auto named =
      replaced(isolation(kEscalate), "{lever: zone}", "{lever: zone, target: zone/1}");
  CHECK(errors_in(named, with_zones()) ==
        Texts{"1.yaml:7:1: `escalate` would change nothing: each rung names its target; expected "
              "one without"});
  auto known = with_zones();
  known.levers["zone"].targets = {"zone/1", "zone/2"};
  CHECK(errors_in(isolation(kEscalate), known) ==
        Texts{"1.yaml:6:10: lever `zone` cannot be set on `node/main`, to which `escalate` goes "
              "from `zone/1`; expected one of `zone/1`, `zone/2`"});
}

TEST_CASE("two policies that may want one node tie as on any target") {
  const auto other =
      replaced(replaced(isolation("for_each: node\n"), "policy: isolation", "policy: other"),
               "for_each: zone\n", "");
  const auto signal = replaced(other, "admission_queue_age_seconds", "pg_lock_wait_max_seconds");
  CHECK(texts_of(load_texts({isolation(""), signal}, with_zones()).errors).empty());
  CHECK(texts_of(load_texts({isolation(kEscalate), signal}, with_zones()).errors).size() == 1);
}
