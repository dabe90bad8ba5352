// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/formula_builder.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <utility>

#include "policies/engine/formula.hpp"
#include "policies/loader/condition_builder.hpp"
#include "policies/loader/condition_keys.hpp"
#include "policies/loader/nearest.hpp"
#include "policies/loader/read_scalar.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

/// Each level may read the ones below it several times over.
constexpr int kDeepestRecord = 8;

/// A character of a text that stands on one line of the file; otherwise where the text begins.
Place place_in(const Value& value, const std::string& text, int at) {
  Place place = value.place;
  if (text.find('\n') == std::string::npos) place.column += at + (value.quoted ? 1 : 0);
  return place;
}

bool in_name(char byte) {
  return byte == '_' || std::isalnum(static_cast<unsigned char>(byte)) != 0;
}

/// Where a name stands by itself, and not as a part of a longer one.
int place_of_name(const std::string& text, const std::string& name) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    const bool begins = at == 0 || !in_name(text[at - 1]);
    if (begins && (end == text.size() || !in_name(text[end]))) return static_cast<int>(at);
  }
  return 0;
}

class FormulaBuilder {
 public:
  FormulaBuilder(const FormulaNames& names, const FormulaContext& context,
                 std::vector<Finding>& errors)
      : names_(names), context_(context), errors_(errors) {}

  /// Checks the text; nullptr, and a finding, when it is no formula.
  std::shared_ptr<const FormulaProgram> compile(const Value& value, const std::string& text) {
    auto compiled = compile_formula(text, valid_names(), names_.numbers);
    if (compiled.program) return compiled.program;
    const auto& problem = *compiled.problem;
    std::string message = problem.message;
    if (problem.fault == FormulaFault::unknown_name) {
      auto valid = valid_names();
      for (const auto& [name, number] : names_.numbers) valid.push_back(name);
      message += "; " + suggestion(problem.found, valid);
    } else if (problem.fault == FormulaFault::unknown_function) {
      message += "; " + suggestion(problem.found, formula_functions());
    }
    errors_.push_back({place_in(value, text, problem.at), "in the formula: " + message});
    return nullptr;
  }

  /// Says what each name is. Nothing: one of them is wrong.
  std::optional<Formula> link(const Value& value, const std::string& text,
                              std::shared_ptr<const FormulaProgram> program) {
    Formula formula{text, names_.numbers, {}, program};
    bool whole = true;
    for (const auto& name : program->names()) {
      FormulaInput input;
      input.name = name;
      if (names_.recorded.contains(name)) {
        const auto record = names_.records.find(name);
        whole = whole && record != names_.records.end();
        if (record != names_.records.end()) input.record.push_back(record->second);
      } else {
        const auto alias = names_.signals.find(name);
        input.signal = alias == names_.signals.end() ? name : alias->second;
        whole = check_signal(value, text, name, input.signal) && whole;
      }
      formula.inputs.push_back(std::move(input));
    }
    return whole ? std::optional(std::move(formula)) : std::nullopt;
  }

 private:
  std::vector<std::string> valid_names() const {
    std::vector<std::string> valid(names_.recorded.begin(), names_.recorded.end());
    for (const auto& [name, signal] : names_.signals) valid.push_back(name);
    for (const auto& [name, signal] : context_.vocabulary.signals) {
      if (!names_.recorded.contains(name)) valid.push_back(name);
    }
    return valid;
  }

  bool check_signal(const Value& value, const std::string& text, const std::string& name,
                    const SignalName& signal) {
    const auto found = context_.vocabulary.signals.find(signal);
    if (found == context_.vocabulary.signals.end()) return false;  // reported with `vars`
    const auto at = place_of_name(text, name);
    const auto about = context_.about;
    if (about != SubjectKind::cluster && !found->second.is_about(about)) {
      errors_.push_back({place_in(value, text, at), "`" + signal + "` is measured for each " +
                                                        std::string(to_text(found->second.about)) +
                                                        ", but `for_each` is `" +
                                                        std::string(to_text(about)) + "`"});
      return false;
    }
    if (found->second.provided_for(about)) return true;
    errors_.push_back({place_in(value, text, at), unprovided(found->second, signal, about)});
    return false;
  }

  const FormulaNames& names_;
  const FormulaContext& context_;
  std::vector<Finding>& errors_;
};

/// Records in the order in which they need each other.
class RecordBuilder {
 public:
  RecordBuilder(const Value& record, FormulaNames& names, const FormulaContext& context,
                std::vector<Finding>& errors)
      : record_(record), names_(names), context_(context), errors_(errors) {}

  void build() {
    FormulaBuilder formulas(names_, context_, errors_);
    for (const auto& child : record_.children) {
      const auto* const text = std::get_if<std::string>(&child.scalar);
      if (text == nullptr) continue;
      if (auto program = formulas.compile(child, *text)) programs_[child.key] = program;
    }
    for (const auto& child : record_.children) visit(child.key);
  }

 private:
  /// How deep the record is nested; 0 when it has an error.
  int visit(const std::string& name) {
    if (const auto known = depth_.find(name); known != depth_.end()) return known->second;
    const auto program = programs_.find(name);
    if (program == programs_.end()) return depth_[name] = 0;
    const Value& value = *find(record_, name);
    if (std::find(path_.begin(), path_.end(), name) != path_.end()) {
      std::string circle;
      for (auto at = std::find(path_.begin(), path_.end(), name); at != path_.end(); ++at) {
        circle += *at + " -> ";
      }
      errors_.push_back({value.key_place, "`record` goes in a circle: " + circle + name});
      return 0;
    }
    path_.push_back(name);
    int deepest = 0;
    bool whole = true;
    for (const auto& used : program->second->names()) {
      if (!names_.recorded.contains(used)) continue;
      const int below = visit(used);
      whole = whole && below > 0;
      deepest = std::max(deepest, below);
    }
    path_.pop_back();
    if (!whole) return depth_[name] = 0;
    if (deepest >= kDeepestRecord) {
      errors_.push_back({value.key_place, "`" + name + "` is nested more than " +
                                              std::to_string(kDeepestRecord) + " records deep"});
      return depth_[name] = 0;
    }
    const auto& text = std::get<std::string>(value.scalar);
    auto formula = FormulaBuilder(names_, context_, errors_).link(value, text, program->second);
    if (!formula) return depth_[name] = 0;
    names_.records.emplace(name, std::move(*formula));
    return depth_[name] = deepest + 1;
  }

  const Value& record_;
  FormulaNames& names_;
  const FormulaContext& context_;
  std::vector<Finding>& errors_;
  std::map<std::string, std::shared_ptr<const FormulaProgram>> programs_;
  std::map<std::string, int> depth_;
  std::vector<std::string> path_;
};

/// Why a name of `record` or `vars` cannot be taken; empty when it can.
std::string taken(const std::string& name, const Vocabulary& vocabulary, bool also_signal) {
  const auto& functions = formula_functions();
  if (std::find(functions.begin(), functions.end(), name) != functions.end()) {
    return "`" + name + "` is a function of formulas; expected another name";
  }
  if (also_signal && vocabulary.signals.contains(name)) {
    return "`" + name + "` is a signal; expected another name";
  }
  return "";
}

void read_var(const Value& var, const FormulaContext& context, FormulaNames& names,
              std::vector<Finding>& errors) {
  const auto* const text = std::get_if<std::string>(&var.scalar);
  if (text == nullptr) return;
  if (names.recorded.contains(var.key)) {
    errors.push_back({var.key_place, "`" + var.key + "` is in `record` already"});
  } else if (const auto why = taken(var.key, context.vocabulary, true); !why.empty()) {
    errors.push_back({var.key_place, why});
  } else if (const auto number = parse_number(*text)) {
    names.numbers[var.key] = *number;
  } else {
    std::vector<std::string> known;
    for (const auto& [name, signal] : context.vocabulary.signals) {
      if (!names.recorded.contains(name)) known.push_back(name);
    }
    names.signals[var.key] = *text;
    if (std::find(known.begin(), known.end(), *text) != known.end()) return;
    errors.push_back({var.place, "`" + var.key + "` is `" + *text +
                                     "`, neither a number nor a signal; " +
                                     suggestion(*text, known)});
  }
}

const YamlNode* node_at(const YamlNode& map, std::string_view key) {
  for (std::size_t i = 0; i < map.keys.size(); ++i) {
    if (map.keys[i].text == key) return &map.items[i];
  }
  return nullptr;
}

}  // namespace

FormulaNames read_formula_names(const Value& document, const FormulaContext& context,
                                std::vector<Finding>& errors) {
  FormulaNames names;
  const auto* const record = find(document, "record");
  if (record != nullptr) {
    for (const auto& child : record->children) {
      const auto described = context.vocabulary.signals.find(child.key);
      const bool is_signal =
          described != context.vocabulary.signals.end() && described->second.unit != kRecordUnit;
      auto why = taken(child.key, context.vocabulary, false);
      if (why.empty() && is_signal) why = "`" + child.key + "` is a signal; expected another name";
      if (why.empty()) {
        names.recorded.insert(child.key);
      } else {
        errors.push_back({child.key_place, std::move(why)});
      }
    }
  }
  if (const auto* const vars = find(document, "vars")) {
    for (const auto& var : vars->children) read_var(var, context, names, errors);
  }
  if (record != nullptr) RecordBuilder(*record, names, context, errors).build();
  return names;
}

std::optional<Formula> build_formula(const Value& value, const FormulaNames& names,
                                     const FormulaContext& context, std::vector<Finding>& errors) {
  const auto* const text = std::get_if<std::string>(&value.scalar);
  if (text == nullptr) return std::nullopt;
  FormulaBuilder builder(names, context, errors);
  auto program = builder.compile(value, *text);
  return program ? builder.link(value, *text, program) : std::nullopt;
}

std::optional<Vocabulary> with_records(const Vocabulary& vocabulary, const YamlNode& document) {
  const auto* const record = node_at(document, "record");
  if (record == nullptr || record->kind != NodeKind::map) return std::nullopt;
  SignalDescription description;
  description.unit = kRecordUnit;
  description.help = "a record of this policy";
  description.provided = true;
  if (const auto* const each = node_at(document, "for_each")) {
    description.about = parse_subject_kind(each->text).value_or(SubjectKind::cluster);
  }
  auto known = vocabulary;
  for (const auto& name : record->keys) {
    if (matches(kFormulaName, name.text)) known.signals.try_emplace(name.text, description);
  }
  return known;
}

}  // namespace homeostat::loader
