// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/fail_on.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "controller/cli/text/quantity.hpp"
#include "policies/loader/nearest.hpp"

namespace homeostat {
namespace {

double minutes(Duration span) { return static_cast<double>(span.count()) / 60e6; }

/// Of all replayed policies together.
Figures total(const Backtest& backtest) {
  Figures all;
  for (const auto& [key, figures] : backtest.replayed().figures()) {
    all.openings += figures.openings;
    all.climbs += figures.climbs;
    all.flaps += figures.flaps;
    all.false_trips = all.false_trips.value_or(0) + figures.false_trips.value_or(0);
    all.in_breach = all.in_breach.value_or(Duration{}) + figures.in_breach.value_or(Duration{});
    all.degraded += figures.degraded;
  }
  return all;
}

double changed_actions(const Backtest& backtest) {
  const auto pairs = backtest.actions();
  const auto differs = [](const PairedAction& pair) { return pair.differs(); };
  return static_cast<double>(std::count_if(pairs.begin(), pairs.end(), differs));
}

struct Named {
  const char* name;
  double (*value)(const Backtest&);
  bool compares = false;
};

constexpr Named kFigures[] = {
    {"openings", [](const Backtest& run) -> double { return total(run).openings; }},
    {"climbs", [](const Backtest& run) -> double { return total(run).climbs; }},
    {"flaps", [](const Backtest& run) -> double { return total(run).flaps; }},
    {"false_trips",
     [](const Backtest& run) -> double { return total(run).false_trips.value_or(0); }},
    {"breach_minutes",
     [](const Backtest& run) { return minutes(total(run).in_breach.value_or(Duration{})); }},
    {"degraded_minutes", [](const Backtest& run) { return minutes(total(run).degraded); }},
    {"changed_actions", changed_actions, true},
    {"differing_verdicts",
     [](const Backtest& run) { return static_cast<double>(run.differing_verdicts()); }, true},
};

const Named& named(const FailOn& limit) {
  return *std::find_if(std::begin(kFigures), std::end(kFigures),
                       [&](const Named& figure) { return figure.name == limit.figure; });
}

Error wrong(std::string_view text, const std::string& why) {
  return {ErrorCode::invalid_input, "--fail-on `" + std::string(text) + "`: " + why};
}

}  // namespace

std::vector<std::string> fail_on_figures() {
  std::vector<std::string> names;
  for (const auto& figure : kFigures) names.emplace_back(figure.name);
  return names;
}

Result<FailOn> parse_fail_on(std::string_view text) {
  FailOn limit;
  limit.text = text;
  const auto sign = text.find('>');
  if (sign == std::string_view::npos) {
    return wrong(text, "expected FIGURE>NUMBER, such as flaps>0");
  }
  limit.figure = text.substr(0, sign);
  const auto names = fail_on_figures();
  if (std::find(names.begin(), names.end(), limit.figure) == names.end()) {
    return wrong(text, "there is no figure `" + limit.figure + "`; " +
                           loader::suggestion(limit.figure, names));
  }
  auto number = text.substr(sign + 1);
  limit.or_equal = number.starts_with('=');
  if (limit.or_equal) number.remove_prefix(1);
  const auto* const end = number.data() + number.size();
  const auto read = std::from_chars(number.data(), end, limit.limit, std::chars_format::fixed);
  if (read.ec != std::errc{} || read.ptr != end || number.empty()) {
    return wrong(text, "`" + std::string(number) + "` is no number");
  }
  return limit;
}

bool compares(const FailOn& limit) { return named(limit).compares; }

std::optional<std::string> failed(const FailOn& limit, const Backtest& backtest) {
  const double value = named(limit).value(backtest);
  if (limit.or_equal ? value < limit.limit : value <= limit.limit) return std::nullopt;
  return limit.figure + " is " + text::number(value) + " (--fail-on " + limit.text + ")";
}

}  // namespace homeostat
