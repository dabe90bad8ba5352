// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/jobs_codec.hpp"

#include <utility>

#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {
namespace {

using nlohmann::json;
using Known = std::pair<LeverKey, JobProgress>;

Result<Known> known_from_json(const json& in) {
  Known known;
  codec::Reader reader(in, "job on a target");
  reader.read("lever", known.first.lever);
  reader.read("target", known.first.target);
  if (reader.error()) return *reader.error();
  const auto progress = job_progress_from_json(in);
  if (!progress.has_value()) return progress.error();
  known.second = *progress;
  return known;
}

}  // namespace

bool knows_of_jobs(const JournalStep& step) { return !step.jobs.empty(); }

json jobs_to_json(const JournalStep& step) {
  json out = {{"jobs", json::array()}};
  for (const auto& [key, progress] : step.jobs) {
    auto one = to_json(progress);
    one["lever"] = key.lever;
    one["target"] = key.target;
    out["jobs"].push_back(std::move(one));
  }
  return out;
}

Result<void> jobs_from_json(const json& in, JournalStep& step) {
  std::vector<Known> known;
  codec::Reader reader(in, "jobs of a step");
  codec::read_all(reader, "jobs", known, known_from_json);
  if (reader.error()) return *reader.error();
  for (auto& [key, progress] : known) step.jobs.emplace(std::move(key), progress);
  return {};
}

}  // namespace homeostat
