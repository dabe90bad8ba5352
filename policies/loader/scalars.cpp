// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/scalars.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <system_error>
#include <utility>

namespace homeostat::loader {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t size;
};

constexpr std::int64_t kSecond = 1'000'000;
// In falling order. `m` stands after `ms` nowhere: the longest name that fits is taken.
constexpr std::array<Unit, 7> kTimeUnits{{{"y", 365 * 86400 * kSecond},
                                          {"w", 7 * 86400 * kSecond},
                                          {"d", 86400 * kSecond},
                                          {"h", 3600 * kSecond},
                                          {"m", 60 * kSecond},
                                          {"s", kSecond},
                                          {"ms", 1000}}};

constexpr std::array<Unit, 9> kByteUnits{{{"B", 1},
                                          {"kB", 1'000},
                                          {"MB", 1'000'000},
                                          {"GB", 1'000'000'000},
                                          {"TB", 1'000'000'000'000},
                                          {"KiB", 1LL << 10},
                                          {"MiB", 1LL << 20},
                                          {"GiB", 1LL << 30},
                                          {"TiB", 1LL << 40}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

/// Length of the JSON number at the beginning of `text`; 0 when there is none.
std::size_t number_length(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const auto whole = digits_at(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return 0;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const auto fraction = digits_at(text, at + 1);
    if (fraction == 0) return 0;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    const bool sign = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-');
    const auto exponent = digits_at(text, at + 1 + (sign ? 1 : 0));
    if (exponent == 0) return 0;
    at += 1 + (sign ? 1 : 0) + exponent;
  }
  return at;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

}  // namespace

const char* const kDurationPattern =
    "^(?=[0-9])([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
const char* const kPercentPattern = "^(100(\\.0+)?|[1-9]?[0-9](\\.[0-9]+)?)%$";
const char* const kBytesPattern = "^(0|[1-9][0-9]*)(\\.[0-9]+)?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$";

std::optional<double> parse_number(std::string_view text) {
  if (text.empty() || number_length(text) != text.size()) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return std::isfinite(number) ? std::optional(number) : std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  const auto digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.empty() || digits_at(digits, 0) != digits.size()) return std::nullopt;
  if (digits.size() > 1 && digits.starts_with('0')) return std::nullopt;
  std::int64_t integer = 0;
  const auto error = std::from_chars(text.data(), text.data() + text.size(), integer).ec;
  return error == std::errc{} ? std::optional(integer) : std::nullopt;
}

std::optional<Duration> parse_duration(std::string_view text) {
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    const auto digits = digits_at(text, 0);
    if (digits == 0 || digits > 15) return std::nullopt;
    std::int64_t amount = 0;
    std::from_chars(text.data(), text.data() + digits, amount);
    text.remove_prefix(digits);
    std::size_t letters = 0;
    while (letters < text.size() && !is_digit(text[letters])) ++letters;
    const auto name = text.substr(0, letters);
    while (next_unit < kTimeUnits.size() && kTimeUnits.at(next_unit).name != name) ++next_unit;
    if (next_unit == kTimeUnits.size()) return std::nullopt;
    const auto size = kTimeUnits.at(next_unit++).size;
    if (amount > (std::numeric_limits<std::int64_t>::max() - total) / size) return std::nullopt;
    total += amount * size;
    text.remove_prefix(letters);
  }
  return Duration{total};
}

std::optional<double> parse_share(std::string_view text) {
  if (!text.ends_with('%')) return parse_number(text);
  const auto percent = parse_number(text.substr(0, text.size() - 1));
  return percent ? std::optional(*percent / 100) : std::nullopt;
}

std::optional<std::int64_t> parse_bytes(std::string_view text) {
  const auto split = text.find_first_not_of("0123456789.");
  if (split == std::string_view::npos) return std::nullopt;
  const auto amount = parse_number(text.substr(0, split));
  const auto* const unit = std::find_if(
      kByteUnits.begin(), kByteUnits.end(),
      [name = text.substr(split)](const Unit& candidate) { return candidate.name == name; });
  if (!amount || unit == kByteUnits.end()) return std::nullopt;
  const double bytes = *amount * static_cast<double>(unit->size);
  if (bytes > 9e18) return std::nullopt;
  return static_cast<std::int64_t>(bytes);
}

bool reads_as_other_than_text(std::string_view plain) {
  const auto word = lower(plain);
  constexpr std::array<std::string_view, 8> kWords{"true", "false", "yes",  "no",
                                                   "on",   "off",   ".inf", ".nan"};
  if (std::find(kWords.begin(), kWords.end(), word) != kWords.end()) return true;
  std::string_view rest = word;
  if (rest.starts_with('-') || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == ".inf") return true;
  if (rest.starts_with("0x")) {
    return rest.size() > 2 && rest.find_first_not_of("0123456789abcdef_", 2) == rest.npos;
  }
  if (rest.starts_with("0o")) {
    return rest.size() > 2 && rest.find_first_not_of("01234567", 2) == rest.npos;
  }
  const auto mantissa = rest.substr(0, rest.find('e'));
  const bool digit = mantissa.find_first_of("0123456789") != rest.npos;
  const auto after = rest.find_first_not_of("0123456789_");
  if (after == rest.npos) return digit;
  auto tail = rest.substr(after);
  if (tail.starts_with('.')) {
    const auto fraction = tail.find_first_not_of("0123456789_", 1);
    tail = fraction == tail.npos ? std::string_view{} : tail.substr(fraction);
  }
  if (tail.starts_with('e')) {
    tail.remove_prefix(1);
    if (tail.starts_with('-') || tail.starts_with('+')) tail.remove_prefix(1);
    return digit && !tail.empty() && digits_at(tail, 0) == tail.size();
  }
  return digit && tail.empty();
}

std::string format_duration(Duration duration) {
  auto rest = duration.count();
  if (rest < 1000) return "0s";
  std::string text;
  for (const auto& unit : kTimeUnits) {
    if (const auto amount = rest / unit.size; amount > 0 && unit.name != "w") {
      text += std::to_string(amount);
      text += unit.name;
      rest %= unit.size;
    }
  }
  return text;
}

std::string format_number(double number) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
  return {buffer.data(), end};
}

std::string format_number(double number, int decimals) {
  const double scale = std::pow(10, decimals);
  return format_number(std::round(number * scale) / scale);
}

}  // namespace homeostat::loader
