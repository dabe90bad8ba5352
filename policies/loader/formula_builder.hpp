// SPDX-License-Identifier: Apache-2.0
// From the texts of `to`, `record` and `vars` to formulas whose every name is resolved.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "policies/loader/loader.hpp"
#include "policies/loader/value.hpp"
#include "policies/loader/yaml_tree.hpp"
#include "policies/model/formula.hpp"

namespace homeostat::loader {

/// By this unit the names of records are told from signals where both stand in a Vocabulary.
inline constexpr const char* kRecordUnit = "record";

/// What the formulas of one policy may name besides the vocabulary's signals.
struct FormulaNames {
  std::map<std::string, double> numbers;      ///< of `vars`
  std::map<std::string, SignalName> signals;  ///< of `vars`: another name for a signal
  std::map<std::string, Formula> records;     ///< those without an error
  std::set<std::string> recorded;             ///< the names of all of them
};

/// What formulas and their names must fit to.
struct FormulaContext {
  SubjectKind about;
  const Vocabulary& vocabulary;
};

/// Reads `vars` and `record`.
FormulaNames read_formula_names(const Value& document, const FormulaContext& context,
                                std::vector<Finding>& errors);

/// Nothing when it has an error: in its text, or in a record that it names.
std::optional<Formula> build_formula(const Value& value, const FormulaNames& names,
                                     const FormulaContext& context, std::vector<Finding>& errors);

/// The vocabulary and the names of the document's `record`, so that its conditions may name them;
/// nothing when it has none.
std::optional<Vocabulary> with_records(const Vocabulary& vocabulary, const YamlNode& document);

}  // namespace homeostat::loader
