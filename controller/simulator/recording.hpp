// SPDX-License-Identifier: Apache-2.0
// Measurements of somewhere else, as steps that can be replayed: Prometheus' range API, CSV.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/loop/journal_reader.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

/// One value of one series, and where in the file it stands, for errors.
struct RecordedValue {
  WallTime wall{};
  double value = 0;
  std::optional<double> denominator;  ///< of a ratio, where the file has it
  std::string place;                  ///< "FILE:12"
};

/// `invalid_input`, "PLACE: what".
Error wrong_at(const std::string& place, const std::string& what);

/// The whole text as a number; nothing otherwise.
std::optional<double> number_of(const std::string& text);

/// Seconds since 1970; nothing for what is no time of this era, such as milliseconds by mistake.
std::optional<WallTime> time_of(double seconds);

/// Collects series in any order; each one's values in order of time.
class Recording {
 public:
  explicit Recording(const Vocabulary& words) : words_(words) {}

  /// `signal` with or without the prefix homeostat_, `subject` as `node/main`. Errors
  /// `invalid_input`, with the place: an unknown signal (nearest name), no subject, a value that is
  /// not finite, a negative part of a ratio, a time that was there before or that lies before the
  /// last one.
  [[nodiscard]] Result<void> add(const std::string& signal, const std::string& subject,
                                 RecordedValue value);

  struct Steps {
    std::vector<journal::RecordedStep> steps;  ///< oldest first, of one start
    std::int64_t missing = 0;                  ///< samples that are absent in them
    std::string first_missing;                 ///< in words; empty when none is
    Duration spacing{};                        ///< the usual time from one to the next (median)
  };
  /// A step for each time that any series has; a series without a value there is absent (a ratio
  /// whose denominator is 0 there is empty). A ratio needs its denominator, from the file or as the
  /// signal that the vocabulary names: error `invalid_input` otherwise, or when there is no value.
  [[nodiscard]] Result<Steps> steps() const;

 private:
  using Key = std::pair<SignalName, Subject>;
  using Values = std::map<WallTime, RecordedValue>;

  Result<Sample> sample_at(const Key& key, const Values& values, WallTime wall) const;

  const Vocabulary& words_;
  std::map<Key, Values> series_;
};

/// Reads `text` of the file `path` into `into`: a JSON answer of Prometheus' range API, or its
/// series (elements of `data.result`) one a line.
[[nodiscard]] Result<void> read_range_json(const std::string& path, const std::string& text,
                                           Recording& into);

/// Columns by the names in the first line: time (seconds since 1970, or RFC 3339), signal, subject,
/// value; denominator if there is one.
[[nodiscard]] Result<void> read_csv(const std::string& path, const std::string& text,
                                    Recording& into);

/// What a file is, by its first bytes.
enum class RecordingFormat { journal, json, csv };
RecordingFormat format_of(const std::string& text);

}  // namespace homeostat
