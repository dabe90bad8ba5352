// SPDX-License-Identifier: Apache-2.0
// Kind regulator, over levers that only tests have.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "policies/model/codec.hpp"
#include "tests/policies/loader/loading.hpp"
#include "tests/support/test_vocabulary.hpp"

using namespace homeostat;
using namespace homeostat::test;
using namespace std::chrono_literals;
using Catch::Matchers::Contains;
using Texts = std::vector<std::string>;

namespace {

const std::string kFormula = "min(0.1, n / kafka_arrival_events_per_second)";

Policy regulator_load(const std::string& text) { return load_one(text, regulated_vocabulary()); }
Texts regulator_errors(const std::string& text) { return errors_of(text, regulated_vocabulary()); }
/// The errors of batch-window with another formula.
Texts formula_errors(const std::string& formula) {
  return regulator_errors(replaced(batch_window(), kFormula, formula));
}

}  // namespace

TEST_CASE("the regulator of the policy language loads with every value in base units") {
  const auto policy = regulator_load(batch_window());
  CHECK(policy.kind == PolicyKind::regulator);
  CHECK(policy.every == 1s);
  REQUIRE(policy.subjects == std::vector{Subject{SubjectKind::group, "play-counts"}});
  REQUIRE(policy.ladder.size() == 1);
  CHECK(policy.ladder[0].lever == "batch_window");
  CHECK(policy.ladder[0].ttl == 60s);
  CHECK(policy.ladder[0].value.arguments.at("drain_limit") == Argument{10000.0});
  REQUIRE(policy.regulator.has_value());
  const auto& regulator = *policy.regulator;
  CHECK(regulator.argument == "window");
  CHECK(regulator.bounds == Bounds{0, 0.1, 0.1, std::nullopt});
  CHECK(regulator.baseline == 0);
  CHECK_FALSE(regulator.aimd);
  REQUIRE(regulator.to.has_value());
  CHECK(regulator.to->text == kFormula);
  CHECK(regulator.to->constants == std::map<std::string, double>{{"n", 1}});
  REQUIRE(regulator.to->inputs.size() == 1);
  CHECK(regulator.to->inputs[0].signal == "kafka_arrival_events_per_second");
  CHECK(regulator.to->program != nullptr);
}

TEST_CASE("back-pressure of the policy language loads: AIMD over a record") {
  const auto policy = regulator_load(back_pressure());
  REQUIRE(policy.regulator.has_value());
  CHECK_FALSE(policy.regulator->to);
  CHECK(policy.regulator->aimd == Aimd{0.7, 0.05, 3s});
  CHECK(policy.regulator->bounds == Bounds{40, 400, 0, std::nullopt});
  CHECK(policy.regulator->baseline == 400);
  REQUIRE(policy.open.arms.size() == 1);
  const auto& over = policy.open.arms[0];
  CHECK(over.signal == "excess");
  CHECK(over.smooth == Duration{5s});
  CHECK(over.clear_level == 0.5);
  REQUIRE(over.record.size() == 1);
  CHECK(over.record[0].inputs.size() == 2);
}

TEST_CASE("a regulator's defaults are those of the model") {
  auto policy = regulator_load(replaced(batch_window(), ", dead_band: 10%", ""));
  CHECK(policy.regulator->bounds.dead_band == Bounds{}.dead_band);
  CHECK(regulator_load(back_pressure()).regulator->aimd == Aimd{});
}

TEST_CASE("a name of `vars` is a number or another name for a signal") {
  const auto policy =
      regulator_load(replaced(batch_window(), "{n: 1", "{n: kafka_efficient_batch_events"));
  REQUIRE(policy.regulator->to->inputs.size() == 2);
  CHECK(policy.regulator->to->inputs[1].name == "n");
  CHECK(policy.regulator->to->inputs[1].signal == "kafka_efficient_batch_events");
  CHECK(policy.regulator->to->constants.empty());
  CHECK(regulator_errors(replaced(batch_window(), "{n: 1", "{n: kafka_eficient_batch_events")) ==
        Texts{"7:11: `n` is `kafka_eficient_batch_events`, neither a number nor a signal; did you "
              "mean `kafka_efficient_batch_events`?"});
  CHECK(regulator_errors(replaced(batch_window(), "{n: 1", "{n: 1, min: 2")) ==
        Texts{"7:14: `min` is a function of formulas; expected another name"});
  CHECK(regulator_errors(replaced(batch_window(), "{n: 1", "{n: 1, probe_up: 2")) ==
        Texts{"7:14: `probe_up` is a signal; expected another name"});
}

TEST_CASE("a formula's mistakes have their place within the text") {
  CHECK(formula_errors("n / kafka_arival_events_per_second") ==
        Texts{"6:9: in the formula: unknown name `kafka_arival_events_per_second`; did you mean "
              "`kafka_arrival_events_per_second`?"});
  CHECK(formula_errors("\"n / kafka_arival_events_per_second\"") ==
        Texts{"6:10: in the formula: unknown name `kafka_arival_events_per_second`; did you mean "
              "`kafka_arrival_events_per_second`?"});
  CHECK(formula_errors("mim(n, 1)") ==
        Texts{"6:5: in the formula: unknown function `mim`; did you mean `min`?"});
  CHECK(formula_errors("n = 2") == Texts{"6:7: in the formula: a formula assigns nothing; `=` is "
                                         "no operator (`==` compares)"});
  CHECK(formula_errors("n +") == Texts{"6:7: in the formula: the formula ends too early; expected "
                                       "a number, a name or `(`"});
  CHECK(formula_errors("n && 1") ==
        Texts{"6:7: in the formula: `&&` is no part of a formula; expected numbers, names, + - * / "
              "^, comparisons or ? :"});
  CHECK(formula_errors("min(n, 1") ==
        Texts{"6:12: in the formula: a parenthesis is not closed; expected `)`"});
  CHECK(formula_errors("|\n  n +\n  zzz").size() == 1);
}

TEST_CASE("a formula only names signals of the policy's subject that a probe provides") {
  CHECK(formula_errors("n * pg_open_transactions") ==
        Texts{"6:9: `pg_open_transactions` is measured for each node, but `for_each` is `group`"});
  CHECK(formula_errors("n * kafka_consumer_lag_events") ==
        Texts{"6:9: no configured probe provides `kafka_consumer_lag_events`"});
}

TEST_CASE("a name is looked for where it stands alone, not within a longer one") {
  const auto text = replaced(batch_window(), "{n: 1", "{my_pg_open_transactions: 1");
  CHECK(regulator_errors(
            replaced(text, kFormula, "my_pg_open_transactions * pg_open_transactions")) ==
        Texts{"6:31: `pg_open_transactions` is measured for each node, but `for_each` is `group`"});
}

TEST_CASE("AIMD judges a level: neither what builds up nor what is gone") {
  for (const auto* test :
       {"cusum: {ref: 0.2, trip: 1}", "trend: {rises: 5, over: 5m}", "absent_for: 5m"}) {
    const auto found =
        regulator_errors(replaced(back_pressure(), "above: 1, for_samples: 2", test));
    CHECK(std::any_of(found.begin(), found.end(), [](const std::string& text) {
      return text.find("unknown key") != std::string::npos;
    }));
  }
}

TEST_CASE("either a formula or AIMD") {
  CHECK(regulator_errors(back_pressure("to: \"1\"\n")) ==
        Texts{"7:7: `to`, `aimd` exclude each other in a policy of kind regulator; expected one of "
              "them"});
  CHECK(regulator_errors(replaced(batch_window(), "to: " + kFormula + "\n", "")) ==
        Texts{"1:1: expected one of `to`, `aimd` in a policy of kind regulator"});
}

TEST_CASE("bounds are finite, the right way round and what the lever takes") {
  CHECK(regulator_errors(replaced(batch_window(), "min: 0ms", "min: 200ms")) ==
        Texts{"8:27: `max` is 100ms; expected at least `min` (200ms)"});
  CHECK(regulator_errors(replaced(batch_window(), "max: 100ms", "max: 2s")) ==
        Texts{"8:25: `max` is 2s; `window` of this lever takes 0s to 1s"});
  CHECK(regulator_errors(replaced(batch_window(), "max: 100ms", "max: 0.1")) ==
        Texts{"8:25: `max` is no duration, but `window` of this lever is one, such as 100ms"});
  CHECK(regulator_errors(replaced(back_pressure(), "max: 400", "max: 400ms")) ==
        Texts{"8:24: `max` is no number, but `concurrency` of this lever is one (transactions)"});
  CHECK(regulator_errors(replaced(back_pressure(), "max: 400", "max: .inf")).size() == 1);
  CHECK(regulator_errors(replaced(back_pressure(), "max: 400", "max: .nan")).size() == 1);
  CHECK(regulator_errors(replaced(back_pressure(), "max: 400", "max: 400, max_step: 0")) ==
        Texts{"8:39: `max_step` is 0; expected more than 0"});
  CHECK(regulator_errors(replaced(batch_window(), "dead_band: 10%", "dead_band: 100%")).size() ==
        1);
}

TEST_CASE("AIMD wants a clear level on the right side, a level, and a lever that it can cut") {
  CHECK(regulator_errors(replaced(back_pressure(), "clear_below: 0.5", "clear_below: 1.5")) ==
        Texts{"7:82: `clear_below` is 1.5; expected less than `above` (1)"});
  CHECK(regulator_errors(replaced(back_pressure(), ", clear_below: 0.5", "")) ==
        Texts{"7:8: expected one of `clear_below`, `clear_above` in this condition"});
  CHECK(regulator_errors(replaced(back_pressure(), "signal: excess", "signal: exces")) ==
        Texts{"7:23: `signal` is `exces`, which is not known; did you mean `excess`?"});
  CHECK(regulator_errors(
            replaced(back_pressure(), "clear_below: 0.5", "clear_below: 0.5, clear_for: 1m"))
            .size() == 1);
  CHECK(regulator_errors(replaced(back_pressure(), "max: 400", "max: 400, dead_band: 5%")) ==
        Texts{"8:40: `dead_band` only goes with `to`: it would keep `aimd` from growing"});
  const auto window =
      replaced(batch_window(), "to: " + kFormula,
               "aimd: {over: {signal: kafka_arrival_events_per_second, above: 5, clear_below: 1}}");
  CHECK(regulator_errors(replaced(window, ", dead_band: 10%", "")) ==
        Texts{"6:1: `aimd` cuts what is too much, but `window` of this lever restricts least at "
              "its minimum; expected `to`"});
}

TEST_CASE("an act of a regulator is an act: lever, target and ttl are checked") {
  CHECK(regulator_errors(replaced(batch_window(), "ttl: 60s", "ttl: 1s")) ==
        Texts{"5:53: `ttl` is 1s, so the act would lapse before it is renewed; expected more than "
              "`every` (1s)"});
  CHECK_THAT(regulator_errors(replaced(batch_window(), "lever: batch_window", "lever: batch_windo"))
                 .front(),
             Contains("did you mean `batch_window`?"));
  CHECK_THAT(regulator_errors(replaced(batch_window(), "ttl: 60s", "window: 1s, ttl: 60s")).front(),
             Contains("unknown key `window`"));
  CHECK_THAT(regulator_errors(replaced(back_pressure(), "for_each: node\n", "")).front(),
             Contains("cannot be set on `cluster`"));
}

TEST_CASE("two regulators of one target need a priority") {
  const auto other = replaced(batch_window(), "policy: batch-window", "policy: other");
  const auto tied = load_texts({batch_window(), other}, regulated_vocabulary());
  REQUIRE(tied.errors.size() == 1);
  CHECK_THAT(texts_of(tied.errors).front(), Contains("another `priority`"));
  CHECK(
      load_texts({batch_window(), other + "priority: 1\n"}, regulated_vocabulary()).errors.empty());
}

TEST_CASE("where no lever can be regulated, the kind is one to come") {
  CHECK_THAT(errors_of(batch_window()).front(), Contains("not in this version yet"));
}

TEST_CASE("a regulator is shown whole, its formulas with what their names stand for") {
  const auto window = to_json(regulator_load(batch_window()))["regulator"];
  CHECK(window["argument"] == "window");
  CHECK(window["bounds"]["max"] == 0.1);
  CHECK(window["to"]["text"] == kFormula);
  CHECK(window["to"]["inputs"]["n"] == 1);
  CHECK(window["to"]["inputs"]["kafka_arrival_events_per_second"] ==
        "kafka_arrival_events_per_second");
  const auto pressure = to_json(regulator_load(back_pressure()));
  CHECK(pressure["regulator"]["aimd"]["every_us"] == 3'000'000);
  CHECK(pressure["open"]["arms"][0]["record"]["inputs"]["pg_open_transactions"] ==
        "pg_open_transactions");
}

TEST_CASE("a faster clock divides a regulator's durations and leaves its bounds") {
  const auto fast = sped_up(regulator_load(back_pressure()), 10);
  CHECK(fast.every == 100ms);
  CHECK(fast.regulator->aimd->every == 300ms);
  CHECK(fast.ladder[0].ttl == 6s);
  CHECK(fast.regulator->bounds == Bounds{40, 400, 0, std::nullopt});
  CHECK(sped_up(regulator_load(batch_window()), 10).regulator->bounds.max == 0.1);
}
