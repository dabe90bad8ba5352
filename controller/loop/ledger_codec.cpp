// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/ledger_codec.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

Error unreadable(std::string what) {
  return {ErrorCode::protocol, "the ledger holds what cannot be read: " + std::move(what), {}};
}

// NULL is the baseline: nothing set.
Result<LeverValue> value_at(const pg::Table& table, int row, int column) {
  const auto text = table.text(row, column);
  if (!text) return LeverValue{};
  const auto parsed = json::parse(*text, nullptr, false);
  if (parsed.is_discarded()) return unreadable("a lever's value");
  return lever_value_from_json(parsed);
}

// A time that never was is TimePoint{} here and NULL there.
TimePoint before(TimePoint now, std::optional<std::int64_t> age_us) {
  return age_us ? now - Duration{*age_us} : TimePoint{};
}

Result<std::vector<BenchedRung>> benched_rungs(std::string_view text, TimePoint now) {
  std::vector<BenchedRung> rungs;
  const auto parsed = json::parse(text, nullptr, false);
  if (!parsed.is_array()) return unreadable("the rungs that are benched");
  for (const auto& element : parsed) {
    BenchedRung one;
    std::int64_t length = 0;
    std::int64_t age = 0;
    codec::Reader reader(element, "benched rung");
    reader.read("rung", one.rung);
    reader.read("tries", one.tries);
    reader.read("harmful", one.harmful);
    reader.read("skipped", one.skipped);
    reader.read("length_us", length);
    reader.read("age_us", age);
    if (reader.error()) return *reader.error();
    one.length = Duration{length};
    one.since = before(now, age);
    rungs.push_back(one);
  }
  return rungs;
}

Result<CanaryMemory> canary_memory(std::string_view text, const std::string& hash, TimePoint now) {
  CanaryMemory canary;
  canary.policy_hash = hash;
  const auto parsed = json::parse(text, nullptr, false);
  std::int64_t age = 0;
  codec::Reader reader(parsed, "canary");
  reader.read("step", canary.step);
  reader.read("demoted", canary.demoted);
  reader.read("age_us", age);
  reader.read("passed", canary.passed);
  reader.read("failed", canary.failed);
  reader.read("harmful", canary.harmful);
  if (reader.error()) return *reader.error();
  canary.since = before(now, age);
  return canary;
}

json canary_json(const CanaryMemory& canary, TimePoint now) {
  return {{"step", canary.step},       {"demoted", canary.demoted},
          {"passed", canary.passed},   {"failed", canary.failed},
          {"harmful", canary.harmful}, {"age_us", (now - canary.since).count()}};
}

/// NULL is a policy that is no job, or one of which nothing is to be remembered yet.
Result<std::optional<JobMemory>> job_memory(std::optional<std::string_view> text, TimePoint now) {
  if (!text) return std::optional<JobMemory>{};
  const auto parsed = json::parse(*text, nullptr, false);
  JobMemory job;
  std::optional<std::int64_t> started;
  std::optional<std::int64_t> ended;
  std::optional<std::int64_t> from;
  codec::Reader reader(parsed, "job");
  reader.read_optional("started_age_us", started);
  reader.read_optional("ended_age_us", ended);
  reader.read_optional("approvals_from_age_us", from);
  reader.read("failed", job.failed);
  reader.read("stop", job.stop, parse_job_stop);
  reader.read("bytes_done", job.bytes_done);
  std::optional<std::string> chosen;
  reader.read_optional("chosen", chosen);
  if (reader.error()) return *reader.error();
  job.chosen = chosen.value_or("");
  if (started) job.started = before(now, started);
  if (ended) job.ended = before(now, ended);
  if (from) job.approvals_from = before(now, from);
  return std::optional{job};
}

json job_json(const JobMemory& job, TimePoint now) {
  json one{{"failed", job.failed},
           {"stop", std::string{to_text(job.stop)}},
           {"bytes_done", job.bytes_done}};
  if (job.started) one["started_age_us"] = (now - *job.started).count();
  if (job.ended) one["ended_age_us"] = (now - *job.ended).count();
  if (job.approvals_from) one["approvals_from_age_us"] = (now - *job.approvals_from).count();
  if (!job.chosen.empty()) one["chosen"] = job.chosen;
  return one;
}

json benched_json(const std::vector<BenchedRung>& rungs, TimePoint now) {
  auto all = json::array();
  for (const auto& one : rungs) {
    all.push_back({{"rung", one.rung},
                   {"tries", one.tries},
                   {"harmful", one.harmful},
                   {"skipped", one.skipped},
                   {"length_us", one.length.count()},
                   {"age_us", (now - one.since).count()}});
  }
  return all;
}

}  // namespace

Result<LedgerRow> ledger_row(const pg::Table& table, int row) {
  LedgerRow open;
  open.key.lever = table.string(row, 0);
  open.key.target = table.string(row, 1);
  auto prior = value_at(table, row, 2);
  if (!prior.has_value()) return prior.error();
  open.prior = std::move(*prior);
  auto value = value_at(table, row, 3);
  if (!value.has_value()) return value.error();
  open.value = std::move(*value);
  open.policy = table.string(row, 4);
  auto subject = parse_subject(table.string(row, 5));
  if (!subject) return unreadable("subject of lever " + open.key.lever + " " + open.key.target);
  open.subject = std::move(*subject);
  open.rung = static_cast<int>(table.integer(row, 6).value_or(0));
  open.policy_hash = table.string(row, 7);
  open.remaining = Duration{table.integer(row, 8).value_or(0)};
  open.token.epoch = table.integer(row, 9).value_or(0);
  open.token.sequence = table.integer(row, 10).value_or(0);
  return open;
}

Result<PolicyMemory> policy_memory(const pg::Table& table, int row, TimePoint now) {
  PolicyMemory memory;
  memory.policy = table.string(row, 0);
  auto subject = parse_subject(table.string(row, 1));
  const auto state = parse_breaker_state(table.string(row, 3));
  if (!subject || !state) return unreadable("state of policy " + memory.policy);
  memory.subject = std::move(*subject);
  memory.policy_hash = table.string(row, 2);
  memory.state = *state;
  memory.rung = static_cast<int>(table.integer(row, 4).value_or(0));
  memory.restore_step = static_cast<int>(table.integer(row, 5).value_or(0));
  memory.hold = Duration{table.integer(row, 6).value_or(0)};
  memory.trips = static_cast<int>(table.integer(row, 7).value_or(0));
  memory.changed = before(now, table.integer(row, 8));
  memory.opened = before(now, table.integer(row, 9));
  auto benched = benched_rungs(table.string(row, 10), now);
  if (!benched.has_value()) return benched.error();
  memory.benched = std::move(*benched);
  if (const auto text = table.text(row, 11)) {
    auto canary = canary_memory(*text, memory.policy_hash, now);
    if (!canary.has_value()) return canary.error();
    memory.canary = std::move(*canary);
  }
  auto job = job_memory(table.text(row, 12), now);
  if (!job.has_value()) return job.error();
  memory.job = *job;
  return memory;
}

Result<ForwardAct> forward_act(const pg::Table& table, int row, TimePoint now) {
  const auto age = table.integer(row, 1);
  if (!age) return unreadable("an act of the ledger");
  return ForwardAct{table.string(row, 0), before(now, age)};
}

Result<MovedBytes> moved_bytes(const pg::Table& table, int row, TimePoint now) {
  auto subject = parse_subject(table.string(row, 1));
  if (!subject) return unreadable("what a job has moved");
  MovedBytes moved{table.string(row, 0), std::move(*subject), before(now, table.integer(row, 2)),
                   before(now, table.integer(row, 3)), 0};
  moved.bytes = static_cast<double>(table.integer(row, 4).value_or(0));
  return moved;
}

Pause pause(const pg::Table& table, int row) {
  Pause read;
  read.scope = table.string(row, 0);
  read.owner = table.string(row, 1);
  read.reason = table.string(row, 2);
  read.stood = Duration{table.integer(row, 3).value_or(0)};
  read.remaining = Duration{table.integer(row, 4).value_or(0)};
  return read;
}

Ack ack(const pg::Table& table, int row) {
  Ack read;
  read.id = table.integer(row, 0).value_or(0);
  read.scope = table.string(row, 1);
  read.age = Duration{table.integer(row, 2).value_or(0)};
  return read;
}

json features_json(const std::vector<FeatureConfig>& features) {
  auto all = json::array();
  for (const auto& feature : features) {
    all.push_back({{"name", feature.name}, {"class", feature.klass}});
  }
  return all;
}

json counters_json(const std::vector<ZoneConfig>& zones) {
  auto all = json::array();
  for (const auto& zone : zones) {
    for (const auto& counter : zone.counters) {
      json entry{{"name", counter.name},   {"zone", zone.name},
                 {"slots", counter.slots}, {"slots_at_rest", counter.slots_at_rest},
                 {"below", nullptr},       {"hold_us", counter.hold.count()}};
      if (counter.below) entry["below"] = *counter.below;
      all.push_back(std::move(entry));
    }
  }
  return all;
}

json profiles_json(const std::vector<ProfileConfig>& profiles) {
  auto all = json::object();
  for (const auto& profile : profiles) all[profile.name] = to_json(profile_value(profile));
  return all;
}

json sessions_json(const std::vector<SessionsConfig>& sessions, int per_hour) {
  auto all = json::object();
  for (const auto& entry : sessions) all[entry.name] = to_json(sessions_value(entry));
  return {{"sessions", std::move(all)}, {"per_hour", per_hour}};
}

json moved_json(const std::vector<MovedBytes>& moved, TimePoint now) {
  auto all = json::array();
  for (const auto& part : moved) {
    all.push_back({{"policy", part.policy},
                   {"subject", to_text(part.subject)},
                   {"part_age_us", (now - part.part).count()},
                   {"age_us", (now - part.at).count()},
                   {"bytes", part.bytes}});
  }
  return all;
}

json memories_json(const std::vector<PolicyMemory>& memories, TimePoint now) {
  auto all = json::array();
  for (const auto& memory : memories) {
    json one;
    one["policy"] = memory.policy;
    one["subject"] = to_text(memory.subject);
    one["policy_hash"] = memory.policy_hash;
    one["state"] = std::string{to_text(memory.state)};
    one["rung"] = memory.rung;
    one["restore_step"] = memory.restore_step;
    one["hold_us"] = memory.hold.count();
    one["trips"] = memory.trips;
    if (memory.changed != TimePoint{}) one["changed_age_us"] = (now - memory.changed).count();
    if (memory.opened != TimePoint{}) one["opened_age_us"] = (now - memory.opened).count();
    one["benched"] = benched_json(memory.benched, now);
    if (memory.canary) one["canary"] = canary_json(*memory.canary, now);
    if (memory.job) one["job"] = job_json(*memory.job, now);
    all.push_back(std::move(one));
  }
  return all;
}

std::string to_parameter(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace homeostat
