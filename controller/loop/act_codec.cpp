// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/act_codec.hpp"

#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {

nlohmann::json to_json(const ActRecord& act) {
  return {{"at_us", act.at.time_since_epoch().count()},
          {"kind", to_text(act.kind)},
          {"outcome", to_text(act.outcome)},
          {"lever", act.key.lever},
          {"target", act.key.target},
          {"value", to_json(act.value)},
          {"policy", act.policy},
          {"subject", to_text(act.subject)},
          {"rung", act.rung},
          {"epoch", act.token.epoch},
          {"sequence", act.token.sequence},
          {"detail", act.detail}};
}

Result<ActRecord> act_from_json(const nlohmann::json& in) {
  ActRecord act;
  codec::Reader reader(in, "act");
  reader.read("at_us", act.at);
  reader.read("kind", act.kind, parse_change_kind);
  reader.read("outcome", act.outcome, parse_change_outcome);
  reader.read("lever", act.key.lever);
  reader.read("target", act.key.target);
  reader.read("policy", act.policy);
  reader.read("subject", act.subject);
  reader.read("rung", act.rung);
  reader.read("epoch", act.token.epoch);
  reader.read("sequence", act.token.sequence);
  reader.read("detail", act.detail);
  if (reader.error()) return *reader.error();
  auto value = lever_value_from_json(in.value("value", nlohmann::json()));
  if (!value.has_value()) return value.error();
  act.value = std::move(*value);
  return act;
}

}  // namespace homeostat
