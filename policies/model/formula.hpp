// SPDX-License-Identifier: Apache-2.0
// A formula of a policy: its text, and what each of its names stands for.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policies/model/sample.hpp"

namespace homeostat {

class FormulaProgram;  // policies/engine/formula.hpp
struct Formula;

/// A name in a formula's text: a signal about the policy's subject, or a `record`.
struct FormulaInput {
  std::string name;             ///< as written
  SignalName signal = {};       ///< empty: `record` has it
  std::vector<Formula> record;  ///< one formula, or none
};

struct Formula {
  std::string text;
  std::map<std::string, double> constants = {};  ///< `vars` that are numbers
  std::vector<FormulaInput> inputs = {};         ///< in the order in which the program takes them
  /// Compiled once, by the loader, and shared by every copy. Not for two threads at a time.
  std::shared_ptr<const FormulaProgram> program = {};
};

/// Equal when they say the same, whoever compiled them.
bool operator==(const FormulaInput& a, const FormulaInput& b);
bool operator==(const Formula& a, const Formula& b);

}  // namespace homeostat
