// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/read_scalar.hpp"

#include <algorithm>
#include <regex>

#include "policies/loader/nearest.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat::loader {
namespace {

bool in_range(const Range& range, double number) {
  if (range.min && (range.min_open ? number <= *range.min : number < *range.min)) return false;
  return !range.max || (range.max_open ? number < *range.max : number <= *range.max);
}

template <class Scalar>
bool take(const std::optional<Scalar>& parsed, double base, const Key& key, Value& result) {
  if (!parsed || !in_range(key.range, base)) return false;
  result.scalar = *parsed;
  return true;
}

bool read_quantity(const YamlNode& node, const Key& key, Value& result) {
  const std::string_view text = node.text;
  switch (key.type) {
    case Type::integer: {
      if (node.quoted) return false;
      const auto integer = parse_integer(text);
      return take(integer, static_cast<double>(integer.value_or(0)), key, result);
    }
    case Type::number: {
      if (node.quoted) return false;
      const auto number = parse_number(text);
      return take(number, number.value_or(0), key, result);
    }
    case Type::share: {
      if (node.quoted && !text.ends_with('%')) return false;
      const auto share = parse_share(text);
      return take(share, share.value_or(0), key, result);
    }
    case Type::duration: {
      const auto duration = parse_duration(text);
      return take(duration, to_seconds(duration.value_or(Duration{})), key, result);
    }
    case Type::bytes: {
      const auto bytes = parse_bytes(text);
      return take(bytes, static_cast<double>(bytes.value_or(0)), key, result);
    }
    case Type::amount: {
      const auto duration = parse_duration(text);
      if (duration) return take(duration, to_seconds(*duration), key, result);
      if (node.quoted) return false;
      const auto number = parse_share(text);
      return take(number, number.value_or(0), key, result);
    }
    case Type::formula:
      // A number alone is a formula too, quoted or not.
      if (text.empty()) return false;
      result.scalar = node.text;
      result.quoted = node.quoted;
      return true;
    case Type::boolean:
      if (node.quoted || (text != "true" && text != "false")) return false;
      result.scalar = text == "true";
      return true;
    case Type::text:
    case Type::formulas:
    case Type::labels:
    case Type::record:
    case Type::records:
      break;
  }
  return false;
}

/// What people most often write instead, and why it is not taken.
std::string hint(const YamlNode& node, const Key& key) {
  const std::string_view text = node.text;
  if (node.quoted && key.type != Type::text) {
    if (parse_number(text) || text == "true" || text == "false") return " without quotes";
  }
  if (!node.quoted && key.type != Type::boolean && text.size() > 1 && text.starts_with('0') &&
      text.find_first_not_of("01234567") == std::string_view::npos) {
    return " (a leading zero means octal to some readers)";
  }
  if ((key.type == Type::duration || key.type == Type::bytes) && parse_number(text)) {
    return "; the unit is missing";
  }
  return "";
}

std::optional<std::string> read_text(const YamlNode& node, const Key& key, Value& result) {
  const auto is = "`" + key.name + "` is " + (key.quiet ? "not what it should be" : shown(node));
  // A name from a list means itself: `mode: off` needs no quotes.
  if (!key.allowed && !node.quoted && reads_as_other_than_text(node.text)) {
    return is + ", which is no text to a YAML reader; quote it if it is meant";
  }
  const auto& later = key.later_values;
  if (std::find(later.begin(), later.end(), node.text) != later.end()) {
    return is + ", which is not in this version yet; expected " + expectation(key);
  }
  if (key.allowed) {
    const auto& allowed = *key.allowed;
    if (std::find(allowed.begin(), allowed.end(), node.text) == allowed.end()) {
      return is + ", which is not known; " + suggestion(node.text, allowed);
    }
  } else if (node.text.empty() || !matches(key.pattern, node.text)) {
    return is + "; expected " + expectation(key);
  }
  result.scalar = node.text;
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_scalar(const YamlNode& node, const Key& key, Value& result) {
  result.place = node.place;
  if (key.type == Type::text) return read_text(node, key, result);
  if (read_quantity(node, key, result)) return std::nullopt;
  return "`" + key.name + "` is " + (key.quiet ? "not what it should be" : shown(node)) +
         "; expected " + expectation(key) + hint(node, key);
}

YamlNode written_default(const Key& key) {
  YamlNode node;
  node.kind = NodeKind::scalar;
  node.text = key.fallback;
  node.quoted = key.type == Type::text;
  if (!key.list) return node;
  YamlNode sequence;
  sequence.kind = NodeKind::sequence;
  std::string_view rest = key.fallback;
  while (!rest.empty()) {
    const auto comma = rest.find(", ");
    node.text = rest.substr(0, comma);
    sequence.items.push_back(node);
    rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 2);
  }
  return sequence;
}

bool matches(const std::optional<Pattern>& pattern, std::string_view text) {
  if (!pattern) return true;
  if (text.size() > kLongestPatterned) return false;
  const std::regex regex(pattern->regex);
  return std::regex_match(text.begin(), text.end(), regex);
}

std::string shown(const YamlNode& node) {
  constexpr std::size_t kLongest = 60;
  std::string text = node.text.substr(0, kLongest);
  // A cut inside a character would leave broken UTF-8.
  while (text.size() < node.text.size() && !text.empty() &&
         (static_cast<unsigned char>(node.text[text.size()]) & 0xC0U) == 0x80U) {
    text.pop_back();
  }
  if (text.size() < node.text.size()) text += "…";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
  return "`" + text + "`";
}

}  // namespace homeostat::loader
