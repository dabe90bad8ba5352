// SPDX-License-Identifier: Apache-2.0
// Formulas, compiled. The only place that knows the expression parser (muParser), of which only
// what the policy language allows is switched on: numbers, names, + - * / ^, comparisons, ? : and
// the functions below. There is no assignment.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace homeostat {

enum class FormulaFault { syntax, unknown_name, unknown_function, assignment };

/// What is wrong with a text.
struct FormulaProblem {
  FormulaFault fault = FormulaFault::syntax;
  std::string found;    ///< the name that is not known, or empty
  std::string message;  ///< what was found and what was expected, without a nearest name
  int at = 0;           ///< character of the text, from 0
};

/// A compiled formula. Not for two threads at a time: its inputs are bound to it.
class FormulaProgram {
 public:
  struct Parser;
  explicit FormulaProgram(std::unique_ptr<Parser> parser);
  ~FormulaProgram();
  FormulaProgram(const FormulaProgram&) = delete;
  FormulaProgram& operator=(const FormulaProgram&) = delete;

  /// The names that the text uses, constants left out, each once, in order of name.
  const std::vector<std::string>& names() const;

  /// `inputs` are the values of names(), in that order. The result may be infinite. NaN: there is
  /// none, because some step of the way has none (0/0, the root of a negative number): no
  /// comparison and no `min` makes a number of it again.
  double evaluate(std::span<const double> inputs) const;

 private:
  std::unique_ptr<Parser> parser_;
};

struct CompiledFormula {
  std::shared_ptr<const FormulaProgram> program;  ///< nullptr: there is a problem
  std::optional<FormulaProblem> problem = {};     ///< the first
};

/// REQUIRES: names and constants are of letters, digits and `_`, no two the same, none a function.
CompiledFormula compile_formula(const std::string& text, const std::vector<std::string>& names,
                                const std::map<std::string, double>& constants);

/// min, max, abs, sqrt, log (natural), exp.
const std::vector<std::string>& formula_functions();

}  // namespace homeostat
