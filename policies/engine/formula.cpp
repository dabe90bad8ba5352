// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/formula.hpp"

#include <muParser.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <utility>

namespace homeostat {
namespace {

/// Ends an evaluation. A NaN that went on would be swallowed by the next comparison, which is false
/// for it, and a number would come out that nobody computed.
struct NoNumber {};

double checked(double value) {
  if (std::isnan(value)) throw NoNumber{};
  return value;
}

double add(double a, double b) { return checked(a + b); }
double subtract(double a, double b) { return checked(a - b); }
double multiply(double a, double b) { return checked(a * b); }
/// By zero it is infinite, on purpose: the rate of an idle group is 0, and the bounds know what to
/// do with the answer.
double divide(double a, double b) { return checked(a / b); }
double power(double a, double b) { return checked(std::pow(a, b)); }
double less(double a, double b) { return a < b ? 1 : 0; }
double less_or_equal(double a, double b) { return a <= b ? 1 : 0; }
double greater(double a, double b) { return a > b ? 1 : 0; }
double greater_or_equal(double a, double b) { return a >= b ? 1 : 0; }
double equal(double a, double b) { return a == b ? 1 : 0; }
double not_equal(double a, double b) { return a != b ? 1 : 0; }
double plus(double a) { return a; }
double minus(double a) { return -a; }
double least(const double* values, int count) { return *std::min_element(values, values + count); }
double greatest(const double* values, int count) {
  return *std::max_element(values, values + count);
}
double magnitude(double a) { return std::abs(a); }
double root(double a) { return checked(std::sqrt(a)); }
double logarithm(double a) { return checked(std::log(a)); }
double exponential(double a) { return std::exp(a); }

/// The parser comes with more than the language has, and with `=`: everything goes, and only what
/// is allowed comes back.
void allow_only_the_language(mu::Parser& parser) {
  parser.EnableBuiltInOprt(false);
  parser.ClearFun();
  parser.ClearConst();
  parser.ClearOprt();
  parser.ClearInfixOprt();
  parser.ClearPostfixOprt();
  parser.DefineOprt("+", add, mu::prADD_SUB, mu::oaLEFT);
  parser.DefineOprt("-", subtract, mu::prADD_SUB, mu::oaLEFT);
  parser.DefineOprt("*", multiply, mu::prMUL_DIV, mu::oaLEFT);
  parser.DefineOprt("/", divide, mu::prMUL_DIV, mu::oaLEFT);
  parser.DefineOprt("^", power, mu::prPOW, mu::oaRIGHT);
  parser.DefineOprt("<", less, mu::prCMP, mu::oaLEFT);
  parser.DefineOprt("<=", less_or_equal, mu::prCMP, mu::oaLEFT);
  parser.DefineOprt(">", greater, mu::prCMP, mu::oaLEFT);
  parser.DefineOprt(">=", greater_or_equal, mu::prCMP, mu::oaLEFT);
  parser.DefineOprt("==", equal, mu::prCMP, mu::oaLEFT);
  parser.DefineOprt("!=", not_equal, mu::prCMP, mu::oaLEFT);
  // Not optimised: nothing is evaluated before there are inputs.
  parser.DefineInfixOprt("+", plus, mu::prINFIX, false);
  parser.DefineInfixOprt("-", minus, mu::prINFIX, false);
  parser.DefineFun("min", least, false);
  parser.DefineFun("max", greatest, false);
  parser.DefineFun("abs", magnitude, false);
  parser.DefineFun("sqrt", root, false);
  parser.DefineFun("log", logarithm, false);
  parser.DefineFun("exp", exponential, false);
}

bool is_name(const std::string& token) {
  return !token.empty() &&
         (std::isalpha(static_cast<unsigned char>(token[0])) != 0 || token[0] == '_');
}

/// Of what the parser could not read on from: the sign or signs it begins with.
std::string first_signs(const std::string& token) {
  const auto end = std::find_if(token.begin(), token.end(), [](unsigned char c) {
    return std::isspace(c) != 0 || std::isalnum(c) != 0 || c == '_';
  });
  return {token.begin(), end};
}

FormulaProblem unreadable(const std::string& text, const std::string& token, int at) {
  const std::string language = "; expected numbers, names, + - * / ^, comparisons or ? :";
  if (is_name(token)) {
    const auto& functions = formula_functions();
    const auto after = text.find_first_not_of(' ', static_cast<std::size_t>(at) + token.size());
    const bool called = after != std::string::npos && text[after] == '(';
    if (std::find(functions.begin(), functions.end(), token) != functions.end()) {
      return {FormulaFault::syntax, "",
              "`" + token + "` is a function; expected `" + token + "(…)`", at};
    }
    return {called ? FormulaFault::unknown_function : FormulaFault::unknown_name, token,
            (called ? "unknown function `" : "unknown name `") + token + "`", at};
  }
  const auto signs = first_signs(token);
  if (signs == "=") {
    return {FormulaFault::assignment, "",
            "a formula assigns nothing; `=` is no operator (`==` compares)", at};
  }
  return {FormulaFault::syntax, "", "`" + signs + "` is no part of a formula" + language, at};
}

/// Compiles. That there is no result for the inputs as they are says nothing of others.
void try_out(const mu::Parser& parser) {
  try {
    parser.Eval();
  } catch (const NoNumber&) {
  }
}

FormulaProblem problem_of(const mu::ParserError& error, const std::string& text) {
  // Where the text ends too early, the parser may point past it.
  const int last = std::max(0, static_cast<int>(text.size()) - 1);
  const int at = std::clamp(error.GetPos(), 0, last);
  const auto& token = error.GetToken();
  const auto syntax = [at](std::string message) {
    return FormulaProblem{FormulaFault::syntax, "", std::move(message), at};
  };
  switch (error.GetCode()) {
    case mu::ecUNASSIGNABLE_TOKEN:
      return unreadable(text, token, at);
    case mu::ecUNEXPECTED_OPERATOR:
      if (token == "=") return unreadable(text, token, at);
      return syntax("`" + token + "` is not expected here; expected a number, a name or `(`");
    case mu::ecEMPTY_EXPRESSION:
      return syntax("the formula is empty");
    case mu::ecUNEXPECTED_EOF:
      return syntax("the formula ends too early; expected a number, a name or `(`");
    case mu::ecMISSING_PARENS:
      return syntax("a parenthesis is not closed; expected `)`");
    case mu::ecTOO_MANY_PARAMS:
      return syntax("too many arguments for `" + token + "`");
    case mu::ecTOO_FEW_PARAMS:
      return syntax("too few arguments for `" + token + "`");
    case mu::ecMISSING_ELSE_CLAUSE:
      return syntax("`?` has no `:`; expected `condition ? one : other`");
    case mu::ecMISPLACED_COLON:
      return syntax("`:` has no `?`; expected `condition ? one : other`");
    case mu::ecEXPRESSION_TOO_LONG:
    case mu::ecIDENTIFIER_TOO_LONG:
      return syntax("the formula is too long");
    default:
      break;
  }
  if (token.empty()) return syntax("the formula cannot be read here");
  return syntax("`" + token + "` is not expected here; expected an operator or the end");
}

}  // namespace

struct FormulaProgram::Parser {
  mu::Parser parser;
  std::vector<std::string> names;
  std::vector<double> inputs;  ///< the parser reads them where they lie
};

FormulaProgram::FormulaProgram(std::unique_ptr<Parser> parser) : parser_(std::move(parser)) {}
FormulaProgram::~FormulaProgram() = default;

const std::vector<std::string>& FormulaProgram::names() const { return parser_->names; }

double FormulaProgram::evaluate(std::span<const double> inputs) const {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  const auto is_nan = [](double value) { return std::isnan(value); };
  if (inputs.size() != parser_->inputs.size()) return kNone;
  if (std::any_of(inputs.begin(), inputs.end(), is_nan)) return kNone;
  std::copy(inputs.begin(), inputs.end(), parser_->inputs.begin());
  try {
    return parser_->parser.Eval();
  } catch (const NoNumber&) {
    return kNone;
  } catch (const mu::ParserError&) {  // no std::exception
    return kNone;
  }
}

CompiledFormula compile_formula(const std::string& text, const std::vector<std::string>& names,
                                const std::map<std::string, double>& constants) {
  try {
    // What the text uses is found out with every name bound to one place. It is evaluated first:
    // asked for the names it uses, the parser would take whatever is unknown for one of them.
    double any = 1;
    mu::Parser reader;
    allow_only_the_language(reader);
    for (const auto& name : names) reader.DefineVar(name, &any);
    for (const auto& [name, value] : constants) reader.DefineConst(name, value);
    reader.SetExpr(text);
    try_out(reader);
    if (reader.GetNumResults() > 1) {
      return {nullptr, FormulaProblem{FormulaFault::syntax, "",
                                      "several values; expected one formula without commas",
                                      static_cast<int>(text.find(','))}};
    }
    auto program = std::make_unique<FormulaProgram::Parser>();
    for (const auto& [name, where] : reader.GetUsedVar()) program->names.push_back(name);

    auto& parser = program->parser;
    allow_only_the_language(parser);
    program->inputs.assign(program->names.size(), any);
    for (std::size_t i = 0; i < program->names.size(); ++i) {
      parser.DefineVar(program->names[i], &program->inputs[i]);
    }
    for (const auto& [name, value] : constants) parser.DefineConst(name, value);
    parser.SetExpr(text);
    try_out(parser);
    return {std::make_shared<FormulaProgram>(std::move(program)), {}};
  } catch (const mu::ParserError& error) {
    return {nullptr, problem_of(error, text)};
  }
}

const std::vector<std::string>& formula_functions() {
  static const std::vector<std::string> kFunctions{"abs", "exp", "log", "max", "min", "sqrt"};
  return kFunctions;
}

}  // namespace homeostat
