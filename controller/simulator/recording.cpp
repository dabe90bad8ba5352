// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/recording.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>
#include <utility>

#include "controller/loop/rfc3339.hpp"
#include "policies/loader/nearest.hpp"

namespace homeostat {
namespace {

constexpr std::string_view kPrefix = "homeostat_";

std::vector<std::string> names_of(const Vocabulary& words) {
  std::vector<std::string> names;
  for (const auto& [name, description] : words.signals) names.push_back(name);
  return names;
}

Duration median_spacing(const std::set<WallTime>& times) {
  std::vector<Duration> spacings;
  for (auto at = times.begin(); at != times.end() && std::next(at) != times.end(); ++at) {
    spacings.push_back(*std::next(at) - *at);
  }
  if (spacings.empty()) return {};
  const auto middle = spacings.begin() + static_cast<std::ptrdiff_t>(spacings.size() / 2);
  std::nth_element(spacings.begin(), middle, spacings.end());
  return *middle;
}

TimePoint monotonic(WallTime wall) { return TimePoint{wall.time_since_epoch()}; }

}  // namespace

Error wrong_at(const std::string& place, const std::string& what) {
  return {ErrorCode::invalid_input, place + ": " + what};
}

std::optional<double> number_of(const std::string& text) {
  double value = 0;
  const auto* end = text.data() + text.size();
  const auto [at, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc{} || at != end) return std::nullopt;
  return value;
}

std::optional<WallTime> time_of(double seconds) {
  if (!(seconds >= 0 && seconds < 2.5e11)) return std::nullopt;  // the year has four digits
  return WallTime{std::chrono::microseconds{static_cast<std::int64_t>(seconds * 1e6 + 0.5)}};
}

Result<void> Recording::add(const std::string& signal, const std::string& subject,
                            RecordedValue value) {
  const auto name = signal.starts_with(kPrefix) ? signal.substr(kPrefix.size()) : signal;
  const auto known = words_.signals.find(name);
  if (known == words_.signals.end()) {
    return wrong_at(value.place,
                    "no signal `" + name + "`: " + loader::suggestion(name, names_of(words_)));
  }
  const auto about = parse_subject(subject);
  if (!about) {
    return wrong_at(value.place, "`" + subject + "` is no subject: expected cluster, or KIND/NAME");
  }
  const bool is_ratio = value.denominator || !known->second.denominator.empty();
  for (const double number : {value.value, value.denominator.value_or(0)}) {
    if (!std::isfinite(number)) return wrong_at(value.place, "the value is not a finite number");
    if (is_ratio && number < 0) return wrong_at(value.place, "a ratio cannot be negative");
  }
  // Counts: taken for a ratio, 0.45 of 20 would be next to nothing, and a storm would be missed.
  if (value.denominator && !known->second.denominator.empty()) {
    const auto whole = [](double number) { return number == std::floor(number); };
    const double all = *value.denominator;
    if (value.value > all || (whole(all) && !whole(value.value))) {
      return wrong_at(value.place, "with a denominator the value of " + name +
                                       " is the numerator: a whole number, at most the denominator "
                                       "(9 of 20 for a ratio of 0.45)");
    }
  }
  auto& values = series_[{name, *about}];
  if (!values.empty()) {
    const auto& [last, before] = *values.rbegin();
    const auto of = name + " of " + to_text(*about);
    if (value.wall == last) {
      return wrong_at(value.place, of + " has this time twice, before at " + before.place);
    }
    if (value.wall < last) {
      return wrong_at(value.place, "time goes backwards in " + of + ": " + rfc3339(value.wall) +
                                       " after " + rfc3339(last) + " (" + before.place + ")");
    }
  }
  const auto wall = value.wall;
  values.emplace_hint(values.end(), wall, std::move(value));
  return {};
}

Result<Sample> Recording::sample_at(const Key& key, const Values& values, WallTime wall) const {
  const auto& [signal, subject] = key;
  const auto taken = monotonic(wall);
  const auto found = values.find(wall);
  const auto& description = words_.signals.find(signal)->second;
  if (description.denominator.empty()) {
    if (found == values.end()) return absent(signal, subject, AbsentReason::failed, taken);
    const auto& value = found->second;
    if (value.denominator) {
      return ratio(signal, subject, value.value, *value.denominator, taken);
    }
    return gauge(signal, subject, value.value, taken);
  }
  if (found != values.end() && found->second.denominator) {
    return ratio(signal, subject, found->second.value, *found->second.denominator, taken);
  }
  const auto other = series_.find({description.denominator, subject});
  if (other == series_.end()) {
    return wrong_at(values.begin()->second.place,
                    signal + " of " + to_text(subject) + " needs its denominator: record " +
                        description.denominator + " of the same subject, too");
  }
  const auto of = other->second.find(wall);
  if (of == other->second.end()) return absent(signal, subject, AbsentReason::failed, taken);
  const double total = of->second.value;
  if (total == 0) return ratio(signal, subject, 0, 0, taken);
  if (found == values.end()) return absent(signal, subject, AbsentReason::failed, taken);
  return ratio(signal, subject, found->second.value * total, total, taken);
}

Result<Recording::Steps> Recording::steps() const {
  std::set<WallTime> times;
  for (const auto& [key, values] : series_) {
    for (const auto& [wall, value] : values) times.insert(wall);
  }
  if (times.empty()) return Error{ErrorCode::invalid_input, "there is no value in it"};
  Steps all;
  all.spacing = median_spacing(times);
  all.steps.reserve(times.size());
  for (const auto wall : times) {
    journal::RecordedStep recorded;
    recorded.step.at = monotonic(wall);
    recorded.step.wall = wall;
    if (all.steps.empty()) recorded.step.basis = Basis{};  // it begins with nothing known
    for (const auto& [key, values] : series_) {
      auto sample = sample_at(key, values, wall);
      if (!sample.has_value()) return sample.error();
      if (sample->quality == Quality::absent && all.missing++ == 0) {
        all.first_missing = key.first + " of " + to_text(key.second) + " at " + rfc3339(wall);
      }
      recorded.step.samples.push_back(std::move(*sample));
    }
    all.steps.push_back(std::move(recorded));
  }
  return all;
}

RecordingFormat format_of(const std::string& text) {
  if (text.starts_with("SQLite format 3")) return RecordingFormat::journal;
  const auto first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string::npos && (text[first] == '{' || text[first] == '[');
  return json ? RecordingFormat::json : RecordingFormat::csv;
}

}  // namespace homeostat
