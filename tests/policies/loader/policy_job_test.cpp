// SPDX-License-Identifier: Apache-2.0
// Kind job, over a lever that only tests have.
#include <catch2/catch.hpp>

#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

namespace {

Policy load(const std::string& text) { return load_one(text, job_vocabulary()); }
Texts errors(const std::string& text) { return errors_of(text, job_vocabulary()); }

}  // namespace

TEST_CASE("the job of the policy language loads with every value in base units") {
  const auto policy = load(shard_balance("deadline: 20m\napproval: required\n"));
  CHECK(policy.kind == PolicyKind::job);
  CHECK(policy.every == 30s);
  CHECK(policy.subjects == std::vector{Subject{}});
  REQUIRE(policy.ladder.size() == 1);
  CHECK(policy.ladder[0].lever == "rebalance");
  CHECK(policy.ladder[0].target.empty());
  CHECK(policy.ladder[0].value.arguments.at("deviation") == Argument{0.1});
  CHECK(policy.ladder[0].value.arguments.at("weight") == Argument{std::string("trigger")});
  REQUIRE(policy.open.arms.size() == 2);
  CHECK_FALSE(policy.open.arms[0].early);
  CHECK(std::get<LevelTest>(policy.open.arms[0].test).threshold == 0.4);
  CHECK_FALSE(policy.open.arms[0].clear_level);
  CHECK(policy.open.arms[1].early);
  CHECK(std::get<LevelTest>(policy.open.arms[1].test).hold_for == Duration{90s});
  REQUIRE(policy.job.has_value());
  const auto& job = *policy.job;
  REQUIRE(job.windows.size() == 1);
  CHECK(job.windows[0].weekdays == std::vector{IntegerRange{0, 0}});
  CHECK(job.windows[0].times == std::vector{IntegerRange{180, 420}});
  REQUIRE(job.resume.size() == 1);
  CHECK(job.resume[0].weekdays.empty());
  CHECK(job.resume[0].times == std::vector{IntegerRange{180, 300}});
  CHECK(job.at_most_every == Duration{7 * 24h});
  CHECK(job.budget == JobBudget{Duration{492s}, std::nullopt});
  CHECK(job.deadline == Duration{20min});
  CHECK(job.cooldown == 24h);
  CHECK(job.needs_approval);
  CHECK_FALSE(job.early_needs_all);
}

TEST_CASE("a job's defaults: no approval, no cooldown, goes on in its windows") {
  const auto policy = load(
      "version: 1\n"
      "policy: nightly\n"
      "kind: job\n"
      "windows: [{times: [{start_time: \"01:00\", end_time: \"02:00\"}]}]\n"
      "run: {lever: rebalance, deviation: 10%}\n"
      "budget: {bytes: 40GB}\n"
      "deadline: 6h\n");
  CHECK(policy.open.arms.empty());
  const auto& job = policy.job.value();
  CHECK_FALSE(job.needs_approval);
  CHECK(job.cooldown == 0s);
  CHECK_FALSE(job.at_most_every);
  CHECK(job.deadline == Duration{6h});
  CHECK(job.budget == JobBudget{std::nullopt, 40e9});
  CHECK(job.resume == job.windows);
  CHECK(policy.limits == Limits{});

  const auto whenever = load(
      "version: 1\n"
      "policy: whenever\n"
      "kind: job\n"
      "when: {signal: citus_node_cv, above: 0.4}\n"
      "run: {lever: rebalance, deviation: 10%}\n"
      "deadline: 6h\n");
  CHECK(whenever.job->windows.empty());
  CHECK(whenever.job->resume.empty());
}

TEST_CASE("any and all of `when` and `early` are read apart") {
  const std::string two = "[{signal: citus_node_cv, above: 0.3}, {signal: probe_up, below: 0.5}]";
  const auto text =
      replaced(shard_balance(), "early: {signal: citus_node_cv, above: 0.3, for: 90s}",
               "early: {all: " + two + "}");
  auto policy = load(text);
  CHECK(policy.open.combination == Combination::any);
  CHECK(policy.job->early_needs_all);
  REQUIRE(policy.open.arms.size() == 3);
  CHECK_FALSE(policy.open.arms[0].early);
  CHECK(policy.open.arms[2].early);
  policy = load(replaced(shard_balance(), "when: {signal: citus_node_cv, above: 0.4}",
                         "when: {all: " + two + "}"));
  CHECK(policy.open.combination == Combination::all);
  CHECK_FALSE(policy.job->early_needs_all);
}

TEST_CASE("what no probe provides is dropped from `early`, and refused in `when`") {
  const auto text =
      replaced(shard_balance(), "early: {signal: citus_node_cv, above: 0.3, for: 90s}",
               "early: {signal: citus_node_max_deviation, above: 0.5, for: 1h}");
  const auto loaded = load_texts({text}, job_vocabulary());
  REQUIRE(loaded.set.has_value());
  CHECK(loaded.set->policies[0].open.arms.size() == 1);
  CHECK(texts_of(loaded.notes) ==
        Texts{"1.yaml:7:17: policy `shard-balance`: this condition is dropped: no configured probe "
              "provides `citus_node_max_deviation`"});
  CHECK(errors(replaced(shard_balance(), "when: {signal: citus_node_cv",
                        "when: {signal: citus_node_max_deviation")) ==
        Texts{"6:16: no configured probe provides `citus_node_max_deviation`, and no other "
              "condition of this policy is left"});
}

TEST_CASE("a job's mistakes are named with their place") {
  CHECK(errors(shard_balance("deadline: 5m\n")) ==
        Texts{"12:11: `deadline` is 5m, so that the time of `budget` would never be used up; "
              "expected more than 8m12s"});
  CHECK(errors(replaced(shard_balance(), "cooldown", "cooldwn")) ==
        Texts{"11:1: unknown key `cooldwn` in a policy of kind job; did you mean `cooldown`?"});
  CHECK(errors(replaced(shard_balance(), "lever: rebalance", "lever: rebalnce")) ==
        Texts{"8:14: `lever` is `rebalnce`, which is not known; did you mean `rebalance`?"});
  CHECK(errors(shard_balance("for_each: node\n")).size() > 1);
  CHECK(errors(replaced(shard_balance(), "location: UTC}]\nat", "location: Berlin}]\nat")).size() ==
        1);
}

TEST_CASE("a job that nothing would end, or that could never go on, is refused") {
  CHECK(errors(replaced(shard_balance(), "time: 492s", "bytes: 40GB")) ==
        Texts{"8:6: nothing ends this job when nobody says how far it is; expected `deadline`, or "
              "`time` in `budget`"});
  CHECK(errors(replaced(shard_balance("deadline: 2h\n"), "time: 492s", "bytes: 40GB")).empty());
  const std::string night = "times: [{start_time: \"03:00\", end_time: \"05:00\"}]";
  const auto always =
      replaced(shard_balance(), night, "times: [{start_time: \"00:00\", end_time: \"24:00\"}]");
  REQUIRE(errors(always).size() == 1);
  CHECK(errors(always)[0].find("a window to go on in that never ends") != std::string::npos);
}

TEST_CASE("where no lever runs jobs, the kind is one to come") {
  CHECK(errors_of(shard_balance()) ==
        Texts{"3:7: `kind` is `job`, which is not in this version yet; expected one of `breaker`, "
              "`alert`"});
}

TEST_CASE("two jobs on one target need a priority") {
  const auto other =
      replaced(replaced(shard_balance(), "shard-balance", "another"), "version: 1\n", "");
  CHECK(load_texts({shard_balance() + "---\n" + other}, job_vocabulary()).errors.size() == 1);
  CHECK(load_texts({shard_balance() + "---\n" + other + "priority: 1\n"}, job_vocabulary())
            .errors.empty());
}
