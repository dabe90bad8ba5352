// SPDX-License-Identifier: Apache-2.0
#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {

using nlohmann::json;

namespace {

json benched_to_json(const BenchedRung& benched) {
  return {{"rung", benched.rung},
          {"tries", benched.tries},
          {"harmful", benched.harmful},
          {"skipped", benched.skipped},
          {"since_us", benched.since.time_since_epoch().count()},
          {"length_us", benched.length.count()}};
}

Result<BenchedRung> benched_from_json(const json& in) {
  BenchedRung benched;
  codec::Reader reader(in, "rung that is benched");
  reader.read("rung", benched.rung);
  reader.read("tries", benched.tries);
  reader.read("harmful", benched.harmful);
  reader.read("skipped", benched.skipped);
  reader.read("since_us", benched.since);
  reader.read("length_us", benched.length);
  if (reader.error()) return *reader.error();
  return benched;
}

json canary_to_json(const CanaryMemory& canary) {
  return {{"step", canary.step},
          {"demoted", canary.demoted},
          {"since_us", canary.since.time_since_epoch().count()},
          {"passed", canary.passed},
          {"failed", canary.failed},
          {"harmful", canary.harmful}};
}

Result<CanaryMemory> canary_from_json(const json& in, std::string hash) {
  CanaryMemory canary;
  canary.policy_hash = std::move(hash);
  codec::Reader reader(in, "canary");
  reader.read("step", canary.step);
  reader.read("demoted", canary.demoted);
  reader.read("since_us", canary.since);
  reader.read("passed", canary.passed);
  reader.read("failed", canary.failed);
  reader.read("harmful", canary.harmful);
  if (reader.error()) return *reader.error();
  return canary;
}

}  // namespace

json to_json(const PolicyMemory& memory) {
  json out = {{"policy", memory.policy},
              {"subject", to_text(memory.subject)},
              {"policy_hash", memory.policy_hash},
              {"state", to_text(memory.state)},
              {"rung", memory.rung},
              {"restore_step", memory.restore_step},
              {"hold_us", memory.hold.count()},
              {"trips", memory.trips},
              {"changed_us", memory.changed.time_since_epoch().count()},
              {"opened_us", memory.opened.time_since_epoch().count()},
              {"benched", json::array()}};
  for (const auto& benched : memory.benched) out["benched"].push_back(benched_to_json(benched));
  if (memory.canary) out["canary"] = canary_to_json(*memory.canary);
  if (memory.job) out["job"] = to_json(*memory.job);
  return out;
}

Result<PolicyMemory> policy_memory_from_json(const json& in) {
  PolicyMemory memory;
  codec::Reader reader(in, "memory of a policy");
  reader.read("policy", memory.policy);
  reader.read("subject", memory.subject);
  reader.read("policy_hash", memory.policy_hash);
  reader.read("state", memory.state, parse_breaker_state);
  reader.read("rung", memory.rung);
  reader.read("restore_step", memory.restore_step);
  reader.read("hold_us", memory.hold);
  reader.read("trips", memory.trips);
  reader.read("changed_us", memory.changed);
  reader.read("opened_us", memory.opened);
  codec::read_all(reader, "benched", memory.benched, benched_from_json);
  codec::read_optional(reader, "job", memory.job, job_memory_from_json);
  if (reader.error()) return *reader.error();
  if (const auto canary = in.find("canary"); canary != in.end()) {
    auto read = canary_from_json(*canary, memory.policy_hash);
    if (!read.has_value()) return read.error();
    memory.canary = std::move(*read);
  }
  return memory;
}

json to_json(const RegulatedValue& value) {
  return {{"policy", value.policy},
          {"subject", to_text(value.subject)},
          {"value", codec::number(value.value)}};
}

Result<RegulatedValue> regulated_value_from_json(const json& in) {
  RegulatedValue value;
  codec::Reader reader(in, "value of a regulator");
  reader.read("policy", value.policy);
  reader.read("subject", value.subject);
  reader.read("value", value.value);
  if (reader.error()) return *reader.error();
  return value;
}

json to_json(const ForwardAct& act) {
  return {{"policy", act.policy}, {"at_us", act.at.time_since_epoch().count()}};
}

Result<ForwardAct> forward_act_from_json(const json& in) {
  ForwardAct act;
  codec::Reader reader(in, "forward act");
  reader.read("policy", act.policy);
  reader.read("at_us", act.at);
  if (reader.error()) return *reader.error();
  return act;
}

}  // namespace homeostat
