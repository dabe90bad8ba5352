// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/jobs_codec.hpp"

#include <map>
#include <utility>
#include <vector>

#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {
namespace {

using nlohmann::json;
template <class Value>
using Of = std::pair<LeverKey, Value>;

template <class Value>
Result<Of<Value>> of_target(const json& in, Result<Value> (*decode)(const json&)) {
  LeverKey key;
  codec::Reader reader(in, "job on a target");
  reader.read("lever", key.lever);
  reader.read("target", key.target);
  if (reader.error()) return *reader.error();
  auto value = decode(in);
  if (!value.has_value()) return value.error();
  return Of<Value>{std::move(key), std::move(*value)};
}

Result<Of<JobProgress>> known_from_json(const json& in) {
  return of_target<JobProgress>(in, job_progress_from_json);
}

Result<Of<NotStarted>> waiting_from_json(const json& in) {
  return of_target<NotStarted>(in, not_started_from_json);
}

template <class Value>
json targets_to_json(const std::map<LeverKey, Value>& all) {
  auto out = json::array();
  for (const auto& [key, value] : all) {
    auto one = to_json(value);
    one["lever"] = key.lever;
    one["target"] = key.target;
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

bool knows_of_jobs(const JournalStep& step) {
  return !step.jobs.empty() || !step.not_started.empty();
}

json jobs_to_json(const JournalStep& step) {
  json out = {{"jobs", targets_to_json(step.jobs)}};
  if (!step.not_started.empty()) out["not_started"] = targets_to_json(step.not_started);
  return out;
}

Result<void> jobs_from_json(const json& in, JournalStep& step) {
  std::vector<Of<JobProgress>> known;
  std::vector<Of<NotStarted>> waiting;
  codec::Reader reader(in, "jobs of a step");
  codec::read_all(reader, "jobs", known, known_from_json);
  // What was written before there was this has none.
  if (in.contains("not_started")) {
    codec::read_all(reader, "not_started", waiting, waiting_from_json);
  }
  if (reader.error()) return *reader.error();
  for (auto& [key, progress] : known) step.jobs.emplace(std::move(key), std::move(progress));
  for (auto& [key, waits] : waiting) step.not_started.emplace(std::move(key), std::move(waits));
  return {};
}

}  // namespace homeostat
