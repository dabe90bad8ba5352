// SPDX-License-Identifier: Apache-2.0
// The table of keys: what the reader checks by and what the JSON Schema is printed from. A new key
// is one entry in policy_keys.cpp or config_keys.cpp and one line where its value is used.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace homeostat::loader {

/// `records` is a map of names (of the key's pattern) to records, `formulas` one to formulas. An
/// `amount` is a number, a share or a duration: which of them, something else in the file says.
enum class Type {
  text,
  boolean,
  integer,
  number,
  share,
  duration,
  bytes,
  amount,
  formula,
  formulas,
  labels,
  record,
  records,
};

/// Limits of a number, in base units (seconds, bytes, a share as 0..1).
struct Range {
  std::optional<double> min = {};
  std::optional<double> max = {};
  bool min_open = false;  ///< `min` itself is outside
  bool max_open = false;
};

inline Range between(double min, double max) { return {min, max, false, false}; }
inline Range inside(double min, double max) { return {min, max, true, true}; }
inline Range at_least(double min) { return {min, std::nullopt, false, false}; }
inline Range more_than(double min) { return {min, std::nullopt, true, false}; }
inline Range up_to(double max) { return {0.0, max, true, false}; }  ///< more than 0

/// What a text must look like.
struct Pattern {
  std::string regex;  ///< ECMA-262, of the whole text
  std::string words;  ///< the same for people: "a name such as circuit-breaker"
};

/// Whether a shape is meant: `key` is there and, unless empty, has `value`. Without a key: always.
struct Selector {
  std::string key = {};
  std::string value = {};
};

enum class RuleKind {
  exactly_one,   ///< of `keys`
  at_most_one,   ///< of `keys`
  at_least_one,  ///< of `keys`
  needs,         ///< `subject` needs one of `keys` beside it
};

struct Rule {
  RuleKind kind = RuleKind::exactly_one;
  std::vector<std::string> keys = {};
  std::string subject = {};
  std::string unless = {};  ///< does not apply where this key is
};

struct Key;

/// The keys of one map.
struct Shape {
  std::string name;  ///< for messages: "a breaker", "`cusum`"
  std::string help = {};
  Selector selector = {};
  bool later = false;  ///< known, but not in this version yet
  std::vector<Key> keys;
  std::vector<Rule> rules = {};
};

struct Key {
  std::string name;
  Type type = Type::text;
  bool list = false;  ///< the value is a list of `type`
  bool required = false;
  std::string fallback = {};  ///< the default, as it would be written; of a list: "5%, 25%"
  std::string help = {};
  std::optional<std::vector<std::string>> allowed = {};  ///< of a text (labels: of the names)
  /// Of a text with `allowed`: what the schema takes besides in a document with `record`, whose
  /// names it cannot know. The reader does know them: they are in `allowed` then.
  std::optional<Pattern> records = {};
  std::vector<std::string> later_values = {};  ///< known, but not in this version yet
  std::optional<Pattern> pattern = {};         ///< of a text (labels, records: of the names)
  Range range = {};
  bool quiet = false;         ///< the value may hold a secret: never repeated in a message
  bool filled = false;        ///< a record that is there, by its keys' defaults, when not written
  bool later = false;         ///< known, but not in this version yet
  bool may_be_empty = false;  ///< of a list
  std::string word = {};      ///< of a list: what may be written instead of it
  std::vector<Shape> shapes = {};  ///< of a record (records: of each): the alternatives
};

const Key* find_key(const Shape& shape, const std::string& name);

/// What one value of this key (of a list: an item) looks like, for people.
std::string expectation(const Key& key);

}  // namespace homeostat::loader
