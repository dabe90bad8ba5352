// SPDX-License-Identifier: Apache-2.0
#include "policies/loader/time_intervals.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

#include "policies/loader/nearest.hpp"
#include "policies/loader/scalars.hpp"
#include "policies/loader/time_zone.hpp"

namespace homeostat::loader {
namespace {

constexpr std::array<std::string_view, 7> kWeekdays{"sunday",   "monday", "tuesday", "wednesday",
                                                    "thursday", "friday", "saturday"};
constexpr std::array<std::string_view, 12> kMonths{"january",   "february", "march",    "april",
                                                   "may",       "june",     "july",     "august",
                                                   "september", "october",  "november", "december"};

/// `one` or `one:one`.
Pattern range_of(const std::string& one, std::string words) {
  return {"(" + one + ")(:(" + one + "))?", std::move(words)};
}

template <std::size_t N>
std::string any_of_names(const std::array<std::string_view, N>& names) {
  std::string out;
  for (const auto name : names) out += (out.empty() ? "" : "|") + std::string(name);
  return out;
}

Shape times_shape() {
  const Pattern time{"([01][0-9]|2[0-3]):[0-5][0-9]", "a time of day such as 03:00"};
  const Pattern end{"([01][0-9]|2[0-3]):[0-5][0-9]|24:00", "a time of day such as 07:00, or 24:00"};
  return {
      .name = "a range of times",
      .help = "Times of one day; over midnight it takes two intervals.",
      .keys = {
          {.name = "start_time", .required = true, .help = "The first minute.", .pattern = time},
          {.name = "end_time",
           .required = true,
           .help = "The first minute after it.",
           .pattern = end}}};
}

Shape interval_shape() {
  const std::string day = "-?([1-9]|[12][0-9]|3[01])";
  const std::string month = any_of_names(kMonths) + "|[1-9]|1[0-2]";
  return {
      .name = "a time interval",
      .help = "An instant must be in one of each list that is given, as in Alertmanager.",
      .keys = {{.name = "times",
                .type = Type::record,
                .list = true,
                .help = "Hours of the day.",
                .shapes = {times_shape()}},
               {.name = "weekdays",
                .list = true,
                .help = "Names or ranges of them; the week begins with sunday.",
                .pattern = range_of(any_of_names(kWeekdays),
                                    "a weekday such as sunday, or a range such as monday:friday")},
               {.name = "days_of_month",
                .list = true,
                .help = "Days or ranges of them; -1 is the last day of the month.",
                .pattern = range_of(day, "a day of the month such as \"1\", \"1:5\" or \"-3:-1\"")},
               {.name = "months",
                .list = true,
                .help = "Names or numbers, or ranges of them.",
                .pattern = range_of(month,
                                    "a month such as december or \"12\", or a range such as "
                                    "january:march")},
               {.name = "years",
                .list = true,
                .help = "Years or ranges of them.",
                .pattern = range_of("20[0-9][0-9]",
                                    "a year such as \"2030\", or a range such as "
                                    "\"2026:2030\"")},
               {.name = "location",
                .fallback = "UTC",
                .help = "The time zone: UTC, Europe/Berlin …"}},
      .rules = {
          {RuleKind::at_least_one, {"times", "weekdays", "days_of_month", "months", "years"}}}};
}

using Parse = std::function<int(std::string_view)>;

int plain_number(std::string_view text) {
  return static_cast<int>(parse_integer(text).value_or(0));
}

int weekday(std::string_view text) {
  const auto* const at = std::find(kWeekdays.begin(), kWeekdays.end(), text);
  return static_cast<int>(at - kWeekdays.begin());
}

int month(std::string_view text) {
  const auto* const at = std::find(kMonths.begin(), kMonths.end(), text);
  return at == kMonths.end() ? plain_number(text) : static_cast<int>(at - kMonths.begin()) + 1;
}

int minute(std::string_view text) {
  return 60 * (10 * (text[0] - '0') + text[1] - '0') + 10 * (text[3] - '0') + text[4] - '0';
}

IntegerRange range(std::string_view text, const Parse& parse) {
  const auto colon = text.find(':');
  const auto begin = parse(text.substr(0, colon));
  return {begin, colon == std::string_view::npos ? begin : parse(text.substr(colon + 1))};
}

class IntervalBuilder {
 public:
  IntervalBuilder(const Value& value, std::vector<Finding>& errors)
      : value_(value), errors_(errors) {}

  TimeInterval build() {
    read_times();
    read("weekdays", weekday, interval_.weekdays, in_order);
    read("days_of_month", plain_number, interval_.days_of_month, days_in_order);
    read("months", month, interval_.months, in_order);
    read("years", plain_number, interval_.years, in_order);
    read_location();
    return std::move(interval_);
  }

 private:
  static bool in_order(const IntegerRange& range) { return range.begin <= range.end; }

  /// Whether some month has a day in it. An end that counts from the other side of the month than
  /// its beginning does is taken at its latest.
  static bool days_in_order(const IntegerRange& range) {
    if ((range.begin < 0) == (range.end < 0)) return range.begin <= range.end;
    return range.begin > 0 && 31 + range.end + 1 >= range.begin;
  }

  void read(const char* key, const Parse& parse, std::vector<IntegerRange>& into,
            bool (*sensible)(const IntegerRange&)) {
    const auto* const list = find(value_, key);
    if (list == nullptr) return;
    for (const auto& item : list->children) {
      const auto* const text = std::get_if<std::string>(&item.scalar);
      if (text == nullptr) continue;  // reported by the reader
      into.push_back(range(*text, parse));
      if (!sensible(into.back())) refuse(item.place, *text);
    }
  }

  void read_times() {
    const auto* const list = find(value_, "times");
    if (list == nullptr) return;
    for (const auto& item : list->children) {
      const auto* const start = get<std::string>(item, "start_time");
      const auto* const end = get<std::string>(item, "end_time");
      if (start == nullptr || end == nullptr) continue;
      interval_.times.push_back({minute(*start), minute(*end)});
      if (interval_.times.back().begin < interval_.times.back().end) continue;
      errors_.push_back({place_of(item, "end_time"),
                         "`end_time` is " + *end + "; expected later than `start_time` (" + *start +
                             "): over midnight it takes two intervals"});
    }
  }

  void read_location() {
    assign_text(interval_.location, value_, "location");
    auto offsets = offsets_of(interval_.location);
    if (offsets) {
      interval_.offsets = std::move(*offsets);
      return;
    }
    const auto meant = nearest(interval_.location, known_locations());
    errors_.push_back({place_of(value_, "location"),
                       "there is no time zone `" + interval_.location + "`; " +
                           (meant ? "did you mean `" + *meant + "`?"
                                  : "expected a name such as UTC or Europe/Berlin")});
  }

  void refuse(const Place& place, const std::string& text) {
    errors_.push_back(
        {place, "`" + text + "` ends before it begins; expected the lower end first"});
  }

  const Value& value_;
  std::vector<Finding>& errors_;
  TimeInterval interval_;
};

}  // namespace

Key time_intervals_key(std::string name, std::string help) {
  return {.name = std::move(name),
          .type = Type::record,
          .list = true,
          .help = std::move(help),
          .shapes = {interval_shape()}};
}

std::vector<TimeInterval> build_time_intervals(const Value& list, std::vector<Finding>& errors) {
  std::vector<TimeInterval> intervals;
  for (const auto& item : list.children) {
    intervals.push_back(IntervalBuilder(item, errors).build());
  }
  return intervals;
}

}  // namespace homeostat::loader
