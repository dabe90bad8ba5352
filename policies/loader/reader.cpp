// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/reader.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "policies/loader/nearest.hpp"
#include "policies/loader/read_scalar.hpp"
#include "policies/loader/select_shape.hpp"

namespace homeostat::loader {
namespace {

class Reader {
 public:
  explicit Reader(std::vector<Finding>& errors) : errors_(errors) {}

  /// `name` is the record's key; `where` is the place to point at when something is missing.
  Value record(const YamlNode& node, const std::vector<Shape>& shapes, const std::string& name,
               const Place& where);

 private:
  std::optional<Value> value(const YamlNode& node, const Key& key, const Place& where);
  std::optional<Value> one(const YamlNode& node, const Key& key, const Place& where);
  Value list(const YamlNode& node, const Key& key);
  Value labels(const YamlNode& node, const Key& key);
  Value records(const YamlNode& node, const Key& key);
  bool name_of(const YamlNode& name, const Value& others, const Key& key);
  void fields(Value& record, const YamlNode& node, const std::vector<Shape>& shapes,
              const Shape& shape, const std::string& reported);
  void unknown_key(const YamlNode& key, const std::vector<Shape>& shapes, const Shape& shape);
  void fill_defaults(Value& record, const Shape& shape);
  void check_required(const Value& record, const Shape& shape);
  void check_rules(const Value& record, const Shape& shape);
  void report(const Place& place, std::string message) {
    errors_.push_back({place, std::move(message)});
  }

  std::vector<Finding>& errors_;
  /// Keys that were written (rightly, wrongly or misspelt) in the record being checked: nobody
  /// needs to hear that they are missing.
  std::set<std::string> seen_;
};

/// The whole value of a key, for people.
std::string expected_of(const Key& key) {
  const auto word = key.word.empty() ? std::string{} : "`" + key.word + "` or ";
  return key.list ? word + "a list, each " + expectation(key) : expectation(key);
}

std::string describe(const YamlNode& node) {
  switch (node.kind) {
    case NodeKind::null:
      return "has no value";
    case NodeKind::sequence:
      return "is a list";
    case NodeKind::map:
      return "is a map";
    case NodeKind::scalar:
      break;
  }
  return "is " + shown(node);
}

Value Reader::list(const YamlNode& node, const Key& key) {
  Value result;
  for (const auto& item : node.items) {
    if (auto read = one(item, key, item.place)) {
      read->key.clear();
      result.children.push_back(std::move(*read));
    }
  }
  return result;
}

/// False: a name that is there already, which is not read again.
bool Reader::name_of(const YamlNode& name, const Value& others, const Key& key) {
  if (find(others, name.text) != nullptr) {
    report(name.place, "`" + name.text + "` is written twice in `" + key.name + "`");
    return false;
  }
  if (key.allowed &&
      std::find(key.allowed->begin(), key.allowed->end(), name.text) == key.allowed->end()) {
    report(name.place, "unknown name " + shown(name) + "; " + suggestion(name.text, *key.allowed));
  } else if (name.kind != NodeKind::scalar || !matches(key.pattern, name.text)) {
    report(name.place, shown(name) + " cannot be a name in `" + key.name + "`; expected " +
                           (key.pattern ? key.pattern->words : "text"));
  }
  return true;
}

Value Reader::records(const YamlNode& node, const Key& key) {
  Value result;
  Key each;
  each.type = Type::record;
  each.shapes = key.shapes;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto& name = node.keys[i];
    if (!name_of(name, result, key)) continue;
    each.name = name.text;
    if (auto read = one(node.items[i], each, name.place)) {
      read->key = name.text;
      read->key_place = name.place;
      read->given = true;
      result.children.push_back(std::move(*read));
    }
  }
  return result;
}

Value Reader::labels(const YamlNode& node, const Key& key) {
  Value result;
  Key text;
  text.type = key.type == Type::formulas ? Type::formula : Type::text;
  text.quiet = key.quiet;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto& name = node.keys[i];
    if (!name_of(name, result, key)) continue;
    text.name = name.text;
    if (auto read = one(node.items[i], text, name.place)) {
      read->key = name.text;
      read->key_place = name.place;
      read->given = true;
      result.children.push_back(std::move(*read));
    }
  }
  return result;
}

std::optional<Value> Reader::value(const YamlNode& node, const Key& key, const Place& where) {
  if (!key.list) return one(node, key, where);
  if (!key.word.empty() && node.kind == NodeKind::scalar && node.text == key.word) {
    Value written;
    written.scalar = key.word;
    return written;
  }
  if (node.kind != NodeKind::sequence) {
    report(node.place, "`" + key.name + "` " + describe(node) + "; expected " + expected_of(key));
    return std::nullopt;
  }
  if (node.items.empty() && !key.may_be_empty) {
    report(node.place, "`" + key.name + "` is empty; expected " + expected_of(key));
    return std::nullopt;
  }
  return list(node, key);
}

std::optional<Value> Reader::one(const YamlNode& node, const Key& key, const Place& where) {
  const bool wants_map = key.type == Type::record || key.type == Type::records ||
                         key.type == Type::labels || key.type == Type::formulas;
  if (wants_map ? node.kind != NodeKind::map : node.kind != NodeKind::scalar) {
    const auto name = key.name.empty() ? "this" : "`" + key.name + "`";
    report(node.place, name + " " + describe(node) + "; expected " + expectation(key));
    return std::nullopt;
  }
  if (key.type == Type::record) return record(node, key.shapes, key.name, where);
  if (key.type == Type::labels || key.type == Type::formulas) return labels(node, key);
  if (key.type == Type::records) return records(node, key);
  Value result;
  if (auto problem = read_scalar(node, key, result)) {
    report(node.place, std::move(*problem));
    return std::nullopt;
  }
  return result;
}

Value Reader::record(const YamlNode& node, const std::vector<Shape>& shapes,
                     const std::string& name, const Place& where) {
  Value result;
  result.key_place = where;
  result.place = node.place;
  const auto selection = select_shape(node, shapes, name);
  if (selection.problem) {
    report(selection.place.line > 0 ? selection.place : where, *selection.problem);
  }
  if (selection.shape == nullptr) return result;
  result.shape = selection.shape->name;
  if (selection.shape->later) return result;
  const auto outer = std::exchange(seen_, {});
  fields(result, node, shapes, *selection.shape, selection.problem ? selection.key : "");
  seen_.insert(selection.key);  // said already
  check_required(result, *selection.shape);
  check_rules(result, *selection.shape);
  fill_defaults(result, *selection.shape);
  seen_ = outer;
  return result;
}

/// `reported` is the selector's key when its value is wrong: said once is enough.
void Reader::fields(Value& record, const YamlNode& node, const std::vector<Shape>& shapes,
                    const Shape& shape, const std::string& reported) {
  std::vector<const YamlNode*> written;
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const auto& name = node.keys[i];
    const auto first = std::find_if(written.begin(), written.end(), [&name](const auto* other) {
      return other->text == name.text;
    });
    if (name.kind == NodeKind::scalar && first != written.end()) {
      report(name.place, "key " + shown(name) + " is written twice; the first is in line " +
                             std::to_string((*first)->place.line));
      continue;
    }
    written.push_back(&name);
    const auto* const key = name.kind == NodeKind::scalar ? find_key(shape, name.text) : nullptr;
    if (key == nullptr) {
      unknown_key(name, shapes, shape);
      continue;
    }
    seen_.insert(key->name);
    if (key->later) {
      report(name.place, "`" + key->name + "` is not in this version yet");
      continue;
    }
    // What was wrong stays in place without a value: it was written, after all.
    Value field;
    if (key->name != reported) {
      field = value(node.items[i], *key, name.place).value_or(Value{});
    }
    field.key = key->name;
    field.key_place = name.place;
    field.place = node.items[i].place;
    field.given = true;
    record.children.push_back(std::move(field));
  }
}

void Reader::unknown_key(const YamlNode& key, const std::vector<Shape>& shapes,
                         const Shape& shape) {
  if (key.kind != NodeKind::scalar) {
    report(key.place, "this key is not a name; expected a key of " + shape.name);
    return;
  }
  for (const auto& other : shapes) {
    if (find_key(other, key.text) == nullptr || &other == &shape) continue;
    report(key.place, shown(key) + " is not a key of " + shape.name + ", only of " + other.name +
                          (other.later ? ", which is not in this version yet" : ""));
    return;
  }
  std::vector<std::string> valid;
  for (const auto& candidate : shape.keys) {
    const bool taken = seen_.contains(candidate.name);
    if (!taken && !candidate.later) valid.push_back(candidate.name);
  }
  report(key.place,
         "unknown key " + shown(key) + " in " + shape.name + "; " + suggestion(key.text, valid));
  if (const auto meant = nearest(key.text, valid)) seen_.insert(*meant);
}

void Reader::check_required(const Value& record, const Shape& shape) {
  for (const auto& key : shape.keys) {
    if (!key.required || seen_.contains(key.name)) continue;
    report(record.key_place,
           "`" + key.name + "` is missing in " + shape.name + "; expected " + expected_of(key));
  }
}

void Reader::check_rules(const Value& record, const Shape& shape) {
  for (const auto& rule : shape.rules) {
    if (!rule.unless.empty() && seen_.contains(rule.unless)) continue;
    std::vector<std::string> there;
    for (const auto& key : rule.keys) {
      if (seen_.contains(key)) there.push_back(key);
    }
    const bool too_many = rule.kind == RuleKind::exactly_one || rule.kind == RuleKind::at_most_one;
    const bool too_few = rule.kind == RuleKind::exactly_one || rule.kind == RuleKind::at_least_one;
    if (too_many && there.size() > 1) {
      report(place_of(record, there.back()),
             in_quotes(there) + " exclude each other in " + shape.name + "; expected one of them");
    } else if (too_few && there.empty()) {
      report(record.key_place, "expected " + std::string(rule.keys.size() > 1 ? "one of " : "") +
                                   in_quotes(rule.keys) + " in " + shape.name);
    } else if (rule.kind == RuleKind::needs && there.empty() && seen_.contains(rule.subject)) {
      report(place_of(record, rule.subject),
             "`" + rule.subject + "` only goes with " + in_quotes(rule.keys) + " in " + shape.name);
    }
  }
}

void Reader::fill_defaults(Value& record, const Shape& shape) {
  for (const auto& key : shape.keys) {
    if (key.later || seen_.contains(key.name)) continue;
    std::optional<Value> filled;
    if (key.filled) {
      YamlNode nothing;
      nothing.kind = NodeKind::map;
      nothing.place = record.place;
      filled = this->record(nothing, key.shapes, key.name, record.key_place);
    } else if (!key.fallback.empty() && !key.required) {
      filled = value(written_default(key), key, record.key_place);
    }
    if (!filled) continue;
    filled->key = key.name;
    filled->key_place = record.key_place;
    filled->place = record.place;
    filled->given = false;
    record.children.push_back(std::move(*filled));
  }
}

}  // namespace

Value read_document(const YamlNode& node, const std::vector<Shape>& shapes,
                    std::vector<Finding>& errors) {
  if (node.kind != NodeKind::map) {
    errors.push_back({node.place, node.kind == NodeKind::null
                                      ? "the document is empty; expected a map of keys"
                                      : "this document is no map; expected `key: value` lines"});
    return {};
  }
  const Place where = node.keys.empty() ? node.place : node.keys.front().place;
  return Reader(errors).record(node, shapes, "", where);
}

}  // namespace homeostat::loader
