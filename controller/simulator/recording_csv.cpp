// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <sstream>

#include "controller/loop/rfc3339.hpp"
#include "controller/simulator/recording.hpp"
#include "policies/loader/nearest.hpp"

namespace homeostat {
namespace {

enum Column { time_column, signal_column, subject_column, value_column, denominator_column };
const std::vector<std::string> kColumns{"time", "signal", "subject", "value", "denominator"};

std::string bare(std::string field) {
  const auto begin = field.find_first_not_of(" \t\r\"");
  if (begin == std::string::npos) return "";
  return field.substr(begin, field.find_last_not_of(" \t\r\"") + 1 - begin);
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(bare(field));
  if (line.ends_with(',')) fields.emplace_back();
  return fields;
}

std::optional<WallTime> time(const std::string& text) {
  if (const auto written = parse_rfc3339(text)) return written;
  const auto seconds = number_of(text);
  return seconds ? time_of(*seconds) : std::nullopt;
}

/// For each of kColumns its number in the file, or -1.
Result<std::vector<int>> columns_of(const std::string& place, const std::string& line) {
  std::vector<int> columns(kColumns.size(), -1);
  const auto names = fields_of(line);
  for (std::size_t at = 0; at < names.size(); ++at) {
    const auto found = std::find(kColumns.begin(), kColumns.end(), names[at]);
    if (found == kColumns.end()) {
      return wrong_at(place,
                      "no column `" + names[at] + "`: " + loader::suggestion(names[at], kColumns));
    }
    columns[static_cast<std::size_t>(found - kColumns.begin())] = static_cast<int>(at);
  }
  for (int needed = time_column; needed <= value_column; ++needed) {
    const auto column = static_cast<std::size_t>(needed);
    if (columns[column] < 0) {
      return wrong_at(place, "the first line names the columns, and `" + kColumns[column] +
                                 "` is not among them; expected " + loader::in_quotes(kColumns));
    }
  }
  return columns;
}

}  // namespace

Result<void> read_csv(const std::string& path, const std::string& text, Recording& into) {
  std::istringstream in(text);
  std::vector<int> columns;
  int number_of_line = 0;
  for (std::string line; std::getline(in, line);) {
    const auto place = path + ":" + std::to_string(++number_of_line);
    if (bare(line).empty()) continue;
    if (columns.empty()) {
      auto named = columns_of(place, line);
      if (!named.has_value()) return named.error();
      columns = std::move(*named);
      continue;
    }
    const auto fields = fields_of(line);
    const auto field = [&](Column column) {
      const auto at = static_cast<std::size_t>(columns[column]);
      return columns[column] >= 0 && at < fields.size() ? fields[at] : std::string();
    };
    RecordedValue read;
    read.place = place;
    const auto at = time(field(time_column));
    if (!at) {
      return wrong_at(place,
                      "`" + field(time_column) +
                          "` is no time: expected seconds since 1970, or 2026-03-01T12:00:00Z");
    }
    read.wall = *at;
    const auto value = number_of(field(value_column));
    if (!value) return wrong_at(place, "`" + field(value_column) + "` is no number");
    read.value = *value;
    if (const auto below = field(denominator_column); !below.empty()) {
      read.denominator = number_of(below);
      if (!read.denominator) return wrong_at(place, "`" + below + "` is no number");
    }
    auto added = into.add(field(signal_column), field(subject_column), std::move(read));
    if (!added.has_value()) return added;
  }
  return {};
}

}  // namespace homeostat
