// SPDX-License-Identifier: Apache-2.0
// https://prometheus.io/docs/prometheus/latest/querying/api/#range-queries
#include <nlohmann/json.hpp>
#include <sstream>

#include "controller/simulator/recording.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

json parsed(const std::string& text) {
  return json::parse(text, nullptr, /*allow_exceptions=*/false);
}

/// `[1767268805.781, "0.25"]`
Result<RecordedValue> value_of(const std::string& place, const json& pair) {
  const bool shaped =
      pair.is_array() && pair.size() == 2 && pair[0].is_number() && pair[1].is_string();
  if (!shaped)
    return wrong_at(place, "expected [seconds since 1970, \"value\"], as Prometheus has it");
  const auto at = time_of(pair[0].get<double>());
  if (!at) return wrong_at(place, "the time is no time of this era");
  const auto& text = pair[1].get_ref<const std::string&>();
  const auto value = number_of(text);
  if (!value) return wrong_at(place, "`" + text + "` is no number");
  RecordedValue read;
  read.place = place;
  read.wall = *at;
  read.value = *value;
  return read;
}

Result<void> read_series(const std::string& place, const json& series, Recording& into) {
  if (!series.is_object() || !series.contains("metric") || !series.contains("values") ||
      !series["metric"].is_object() || !series["values"].is_array()) {
    return wrong_at(place, "expected a series: {\"metric\": {…}, \"values\": [[…], …]}");
  }
  const auto& metric = series["metric"];
  std::string label[2];
  const char* const names[2] = {"__name__", "subject"};
  for (int at = 0; at < 2; ++at) {
    if (!metric.contains(names[at]) || !metric[names[at]].is_string()) {
      return wrong_at(place, std::string("the series has no label `") + names[at] +
                                 "`; expected Homeostat's own, such as "
                                 "homeostat_pg_blocked_ratio{subject=\"node/main\"}");
    }
    label[at] = metric[names[at]].get<std::string>();
  }
  std::size_t number = 0;
  for (const auto& pair : series["values"]) {
    auto value = value_of(place + ", value " + std::to_string(++number), pair);
    if (!value.has_value()) return value.error();
    auto added = into.add(label[0], label[1], std::move(*value));
    if (!added.has_value()) return added;
  }
  return {};
}

Result<void> read_answer(const std::string& path, const json& answer, Recording& into) {
  if (answer.value("status", "") == "error") {
    return wrong_at(path, "Prometheus answered: " + answer.value("error", "an error"));
  }
  const json::json_pointer type("/data/resultType");
  if (!answer.contains(type) || answer.at(type) != "matrix") {
    return wrong_at(path, "this is no answer of /api/v1/query_range (resultType matrix)");
  }
  std::size_t number = 0;
  for (const auto& series : answer.at("data").value("result", json::array())) {
    auto read = read_series(path + ": series " + std::to_string(++number), series, into);
    if (!read.has_value()) return read;
  }
  return {};
}

}  // namespace

Result<void> read_range_json(const std::string& path, const std::string& text, Recording& into) {
  const auto whole = parsed(text);
  if (whole.is_object() && !whole.contains("metric")) return read_answer(path, whole, into);
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    const auto place = path + ":" + std::to_string(++number);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    const auto series = parsed(line);
    if (series.is_discarded()) return wrong_at(place, "this line is no JSON");
    auto read = read_series(place, series, into);
    if (!read.has_value()) return read;
  }
  return {};
}

}  // namespace homeostat
