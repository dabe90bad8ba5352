// SPDX-License-Identifier: Apache-2.0
#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

void set_at(json& out, const char* key, const std::optional<TimePoint>& time) {
  if (time) out[key] = time->time_since_epoch().count();
}

json ranges_to_json(const std::vector<IntegerRange>& ranges) {
  auto out = json::array();
  for (const auto& range : ranges) out.push_back({{"begin", range.begin}, {"end", range.end}});
  return out;
}

/// Without the zone's offsets: they follow from its name.
json interval_to_json(const TimeInterval& interval) {
  json out = {{"location", interval.location}};
  const auto put = [&out](const char* key, const std::vector<IntegerRange>& ranges) {
    if (!ranges.empty()) out[key] = ranges_to_json(ranges);
  };
  put("times", interval.times);
  put("weekdays", interval.weekdays);
  put("days_of_month", interval.days_of_month);
  put("months", interval.months);
  put("years", interval.years);
  return out;
}

json intervals_to_json(const std::vector<TimeInterval>& intervals) {
  auto out = json::array();
  for (const auto& interval : intervals) out.push_back(interval_to_json(interval));
  return out;
}

}  // namespace

json to_json(const Job& job) {
  json out = {
      {"windows", intervals_to_json(job.windows)}, {"resume", intervals_to_json(job.resume)},
      {"early_needs_all", job.early_needs_all},    {"budget", json::object()},
      {"cooldown_us", job.cooldown.count()},       {"needs_approval", job.needs_approval}};
  codec::set_us(out, "at_most_every_us", job.at_most_every);
  codec::set_us(out["budget"], "time_us", job.budget.time);
  codec::set(out["budget"], "bytes", job.budget.bytes);
  codec::set_us(out, "deadline_us", job.deadline);
  return out;
}

json to_json(const JobProgress& progress) {
  json out = {{"phase", to_text(progress.phase)},
              {"started_us", progress.started.time_since_epoch().count()},
              {"bytes_done", codec::number(progress.bytes_done)}};
  codec::set_us(out, "left_us", progress.left);
  if (!progress.why.empty()) out["why"] = progress.why;
  return out;
}

Result<JobProgress> job_progress_from_json(const json& in) {
  JobProgress progress;
  codec::Reader reader(in, "progress of a job");
  reader.read("phase", progress.phase, parse_job_phase);
  reader.read("started_us", progress.started);
  reader.read("bytes_done", progress.bytes_done);
  reader.read_optional("left_us", progress.left);
  std::optional<std::string> why;
  reader.read_optional("why", why);
  if (reader.error()) return *reader.error();
  progress.why = why.value_or("");
  return progress;
}

json to_json(const NotStarted& waits) {
  return {{"since_us", waits.since.time_since_epoch().count()},
          {"tries", waits.tries},
          {"why", waits.why}};
}

Result<NotStarted> not_started_from_json(const json& in) {
  NotStarted waits;
  codec::Reader reader(in, "job that was not started");
  reader.read("since_us", waits.since);
  reader.read("tries", waits.tries);
  reader.read("why", waits.why);
  if (reader.error()) return *reader.error();
  return waits;
}

json to_json(const JobStatus& status) {
  json out = {{"stop", to_text(status.stop)},
              {"failed", status.failed},
              {"bytes_done", codec::number(status.bytes_done)},
              {"waits_for_approval", status.waits_for_approval}};
  if (!status.chosen.empty()) out["chosen"] = status.chosen;
  codec::set_us(out, "ran_us", status.ran);
  codec::set_us(out, "left_us", status.left);
  if (status.not_started) out["not_started"] = to_json(*status.not_started);
  if (!status.why.empty()) out["why"] = status.why;
  return out;
}

Result<JobStatus> job_status_from_json(const json& in) {
  JobStatus status;
  codec::Reader reader(in, "status of a job");
  reader.read("stop", status.stop, parse_job_stop);
  reader.read("failed", status.failed);
  reader.read("bytes_done", status.bytes_done);
  reader.read_optional("ran_us", status.ran);
  reader.read_optional("left_us", status.left);
  reader.read("waits_for_approval", status.waits_for_approval);
  std::optional<std::string> chosen;
  std::optional<std::string> why;
  reader.read_optional("chosen", chosen);
  codec::read_optional(reader, "not_started", status.not_started, not_started_from_json);
  reader.read_optional("why", why);
  if (reader.error()) return *reader.error();
  status.chosen = chosen.value_or("");
  status.why = why.value_or("");
  return status;
}

json to_json(const MovedBytes& moved) {
  return {{"policy", moved.policy},
          {"subject", to_text(moved.subject)},
          {"part_us", moved.part.time_since_epoch().count()},
          {"at_us", moved.at.time_since_epoch().count()},
          {"bytes", codec::number(moved.bytes)}};
}

Result<MovedBytes> moved_bytes_from_json(const json& in) {
  MovedBytes moved;
  codec::Reader reader(in, "bytes that a job has moved");
  reader.read("policy", moved.policy);
  reader.read("subject", moved.subject);
  reader.read("part_us", moved.part);
  reader.read("at_us", moved.at);
  reader.read("bytes", moved.bytes);
  if (reader.error()) return *reader.error();
  return moved;
}

json to_json(const JobMemory& memory) {
  json out = {{"failed", memory.failed},
              {"stop", to_text(memory.stop)},
              {"bytes_done", codec::number(memory.bytes_done)}};
  set_at(out, "started_us", memory.started);
  set_at(out, "ended_us", memory.ended);
  set_at(out, "approvals_from_us", memory.approvals_from);
  if (!memory.chosen.empty()) out["chosen"] = memory.chosen;
  return out;
}

Result<JobMemory> job_memory_from_json(const json& in) {
  JobMemory memory;
  codec::Reader reader(in, "memory of a job");
  reader.read("failed", memory.failed);
  reader.read("stop", memory.stop, parse_job_stop);
  reader.read("bytes_done", memory.bytes_done);
  reader.read_optional("started_us", memory.started);
  reader.read_optional("ended_us", memory.ended);
  reader.read_optional("approvals_from_us", memory.approvals_from);
  std::optional<std::string> chosen;
  reader.read_optional("chosen", chosen);
  if (reader.error()) return *reader.error();
  memory.chosen = chosen.value_or("");
  return memory;
}

}  // namespace homeostat
