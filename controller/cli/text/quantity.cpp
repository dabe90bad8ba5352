// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/quantity.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>

namespace homeostat::text {
namespace {

/// `format` is a literal of this file.
std::string printed(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

/// Two units at most: the larger one, and the smaller one unless it is 0.
std::string two_units(long long count, long long each, const char* large, const char* small) {
  auto out = std::to_string(count / each) + large;
  if (count % each != 0) out += " " + std::to_string(count % each) + small;
  return out;
}

std::string positive_seconds(double value) {
  if (value < 0.0005) return "0 s";
  if (value < 0.9995) return std::to_string(std::llround(value * 1000)) + " ms";
  if (value < 9.95) {
    const bool whole = std::abs(value - std::round(value)) < 0.05;
    return printed(whole ? "%.0f s" : "%.1f s", value);
  }
  const auto whole = std::llround(value);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return two_units(whole, 60, " min", " s");
  if (whole < 86'400) return two_units((whole + 30) / 60, 60, " h", " min");
  return two_units((whole + 1800) / 3600, 24, " d", " h");
}

}  // namespace

std::string number(double value) {
  if (!std::isfinite(value)) return "unknown";
  if (value == 0) return "0";
  const double size = std::abs(value);
  return printed(size >= 1000 && size < 1e15 ? "%.0f" : "%.4g", value);
}

std::string two_decimals(double value) {
  return std::isfinite(value) ? printed("%.2f", value) : "unknown";
}

std::string seconds(double value) {
  if (!std::isfinite(value) || std::abs(value) > 1e12) return "unknown";
  return value < 0 ? "-" + positive_seconds(-value) : positive_seconds(value);
}

std::string duration(Duration value) { return seconds(to_seconds(value)); }

std::string bytes(double value) {
  constexpr std::array kUnits{"B", "kB", "MB", "GB", "TB"};
  if (!std::isfinite(value)) return "unknown";
  std::size_t unit = 0;
  for (; std::abs(value) >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return printed("%.3g ", value) + kUnits.at(unit);
}

std::string share(double value) {
  if (!std::isfinite(value)) return "unknown";
  return number(std::round(value * 1e6) / 1e4) + " %";
}

std::string of_signal(std::string_view signal, double value) {
  if (signal.ends_with("_seconds")) return seconds(value);
  if (signal.ends_with("_seconds_total")) return seconds(value);
  if (signal.ends_with("_bytes")) return number(value) + " B";
  return number(value);
}

std::string utc(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const auto since = static_cast<std::time_t>(whole.time_since_epoch().count());
  std::tm parts{};
  std::array<char, 40> buffer{};
  if (gmtime_r(&since, &parts) == nullptr) return "unknown";
  std::strftime(buffer.data(), buffer.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return buffer.data();
}

std::string lever_value(const LeverValue& value) {
  if (value.baseline()) return "its baseline";
  std::string out;
  for (const auto& [name, argument] : value.arguments) {
    if (!out.empty()) out += ", ";
    out += name + " ";
    if (const auto* flag = std::get_if<bool>(&argument)) out += *flag ? "on" : "off";
    if (const auto* text = std::get_if<std::string>(&argument)) out += *text;
    if (const auto* amount = std::get_if<double>(&argument)) {
      out += name == "admit" ? share(*amount) : number(*amount);
    }
  }
  return out;
}

std::string lever_key(const LeverKey& key) { return key.lever + " " + key.target; }

}  // namespace homeostat::text
