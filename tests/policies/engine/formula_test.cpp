// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/formula.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace homeostat;
using Catch::Matchers::Contains;

namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();

/// The value of `text` with a = 3 and b = 0.
double value(const std::string& text) {
  INFO(text);
  const auto compiled = compile_formula(text, {"a", "b"}, {{"n", 2}});
  REQUIRE(compiled.program != nullptr);
  std::vector<double> inputs;
  for (const auto& name : compiled.program->names()) inputs.push_back(name == "a" ? 3 : 0);
  return compiled.program->evaluate(inputs);
}

FormulaProblem problem(const std::string& text) {
  INFO(text);
  const auto compiled = compile_formula(text, {"a", "b"}, {{"n", 2}});
  REQUIRE(compiled.program == nullptr);
  REQUIRE(compiled.problem.has_value());
  return *compiled.problem;
}

}  // namespace

TEST_CASE("formula: every operator and function of the language has its usual meaning") {
  CHECK(value("1 + 2 * 3 - 4 / 2") == 5);
  CHECK(value("2 ^ 3 ^ 2") == 512);
  CHECK(value("-2 ^ 2") == -4);
  CHECK(value("2 * -a") == -6);
  CHECK(value("+a") == 3);
  CHECK(value("(1 + 2) * 3") == 9);
  CHECK(value("a > 2 ? 5 : 6") == 5);
  CHECK(value("a >= 3") == 1);
  CHECK(value("a < 3") == 0);
  CHECK(value("a <= 3") == 1);
  CHECK(value("a == 3") == 1);
  CHECK(value("a != 3") == 0);
  CHECK(value("b ? 1 : a ? 2 : 3") == 2);
  CHECK(value("min(a, 2, 5)") == 2);
  CHECK(value("max(a, 2, 5)") == 5);
  CHECK(value("abs(-a)") == 3);
  CHECK(value("sqrt(9)") == 3);
  CHECK(value("log(exp(2))") == Approx(2));
  CHECK(value("1e3 + .5 + n") == 1002.5);
}

TEST_CASE("formula: an idle rate is infinite on the way and bounded in the end") {
  CHECK(value("1 / b") == kInfinite);
  CHECK(value("-1 / b") == -kInfinite);
  CHECK(value("min(0.1, 1 / b)") == 0.1);
  CHECK(value("log(b)") == -kInfinite);
}

TEST_CASE("formula: what has no number has none, whatever is made of it") {
  CHECK(std::isnan(value("b / b")));
  CHECK(std::isnan(value("1 / b - 1 / b")));
  CHECK(std::isnan(value("b * (1 / b)")));
  CHECK(std::isnan(value("sqrt(-a)")));
  CHECK(std::isnan(value("log(-a)")));
  CHECK(std::isnan(value("(-8) ^ 0.5")));
  CHECK(std::isnan(value("min(0.1, b / b)")));
  CHECK(std::isnan(value("b / b > 1 ? 0 : 1")));
  CHECK(std::isnan(value("b / b ? 0 : 1")));
  CHECK(value("b == 0 ? 1 : a / b") == 1);
}

TEST_CASE("formula: an input that is no number makes no number of a comparison") {
  const auto compiled = compile_formula("a > 1 ? 5 : 6", {"a"}, {});
  REQUIRE(compiled.program != nullptr);
  CHECK(std::isnan(compiled.program->evaluate(std::vector{std::nan("")})));
  CHECK(std::isnan(compiled.program->evaluate({})));
  CHECK(compiled.program->evaluate(std::vector{2.0}) == 5);
  CHECK(compiled.program->evaluate(std::vector{0.0}) == 6);
}

TEST_CASE("formula: names are those that the text uses, in order, each once") {
  const auto compiled = compile_formula("b + a * b + n", {"a", "b", "c"}, {{"n", 2}});
  REQUIRE(compiled.program != nullptr);
  CHECK(compiled.program->names() == std::vector<std::string>{"a", "b"});
  CHECK(compiled.program->evaluate(std::vector{3.0, 5.0}) == 22);
}

TEST_CASE("formula: nothing can be assigned") {
  for (const auto* const text : {"a = 1", "a=b", "a += 1", "n = 1", "1 + (a = 2)"}) {
    INFO(text);
    CHECK(problem(text).fault == FormulaFault::assignment);
  }
  CHECK(problem("a = 1").at == 2);
}

TEST_CASE("formula: unknown names and functions are told apart, with their place") {
  const auto name = problem("1 + foo * 2");
  CHECK(name.fault == FormulaFault::unknown_name);
  CHECK(name.found == "foo");
  CHECK(name.at == 4);
  const auto function = problem("1 + sin (a)");
  CHECK(function.fault == FormulaFault::unknown_function);
  CHECK(function.found == "sin");
  CHECK(function.at == 4);
  for (const auto* const text : {"_pi", "_e", "ln(a)", "rint(a)", "sum(1, 2)", "avg(1, 2)"}) {
    INFO(text);
    CHECK(problem(text).fault != FormulaFault::syntax);
  }
}

TEST_CASE("formula: what is no part of the language is refused with its place") {
  const auto at = [](const std::string& text) { return problem(text).at; };
  CHECK(at("a && b") == 2);
  CHECK(at("a || b") == 2);
  CHECK(at("!a") == 0);
  CHECK(at("a % 2") == 2);
  CHECK(at("a; b") == 1);
  CHECK(at("1 $ 2") == 2);
  CHECK(at("a b") == 2);
  CHECK(at("3 a") == 2);
  CHECK(at("1)") == 1);
  CHECK(at("0x10") == 1);
  CHECK(at("1, 2") == 1);
  CHECK(at("a, b") == 1);
  CHECK_THAT(problem("1 +").message, Contains("ends too early"));
  CHECK_THAT(problem("(1").message, Contains("not closed"));
  CHECK_THAT(problem("").message, Contains("empty"));
  CHECK_THAT(problem("   ").message, Contains("empty"));
  CHECK_THAT(problem("a ? 1").message, Contains("no `:`"));
  CHECK_THAT(problem("a : 1").message, Contains("no `?`"));
  CHECK_THAT(problem("abs(1, 2)").message, Contains("too many arguments for `abs`"));
  CHECK_THAT(problem("abs()").message, Contains("too few arguments for `abs`"));
  CHECK_THAT(problem("min()").message, Contains("too few arguments for `min`"));
  CHECK_THAT(problem("min + 1").message, Contains("`min(…)`"));
  CHECK(problem("\"text\"").fault == FormulaFault::syntax);
  CHECK(problem("abs(\"text\")").fault == FormulaFault::syntax);
}

TEST_CASE("formula: a text without end is refused, one that is deeply nested is not") {
  CHECK_THAT(problem(std::string(20'000, '1')).message, Contains("too long"));
  CHECK(value(std::string(500, '(') + "a" + std::string(500, ')')) == 3);
}
