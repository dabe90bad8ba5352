// SPDX-License-Identifier: Apache-2.0
#include "policies/model/codec.hpp"

#include "policies/model/codec_reader.hpp"

namespace homeostat {

using nlohmann::json;

json to_json(const LeverValue& value) {
  auto out = json::object();
  for (const auto& [name, argument] : value.arguments) {
    if (const auto* flag = std::get_if<bool>(&argument)) out[name] = *flag;
    if (const auto* number = std::get_if<double>(&argument)) out[name] = codec::number(*number);
    if (const auto* text = std::get_if<std::string>(&argument)) out[name] = *text;
  }
  return out;
}

Result<LeverValue> lever_value_from_json(const json& in) {
  if (!in.is_object()) {
    return Error{ErrorCode::protocol, "lever value in JSON: is no object"};
  }
  LeverValue value;
  for (const auto& [name, argument] : in.items()) {
    if (argument.is_boolean()) {
      value.arguments[name] = argument.get<bool>();
    } else if (argument.is_number()) {
      value.arguments[name] = argument.get<double>();
    } else if (argument.is_string()) {
      value.arguments[name] = argument.get<std::string>();
    } else {
      return Error{ErrorCode::protocol, "lever value in JSON: argument `" + name +
                                            "` is no number, text or truth value"};
    }
  }
  return value;
}

json to_json(const Sample& sample) {
  return {{"signal", sample.signal},
          {"subject", to_text(sample.subject)},
          {"quality", to_text(sample.quality)},
          {"reason", to_text(sample.reason)},
          {"numerator", codec::number(sample.numerator)},
          {"denominator", codec::number(sample.denominator)},
          {"taken_us", sample.taken.time_since_epoch().count()}};
}

Result<Sample> sample_from_json(const json& in) {
  Sample sample;
  codec::Reader reader(in, "sample");
  reader.read("signal", sample.signal);
  reader.read("subject", sample.subject);
  reader.read("quality", sample.quality, parse_quality);
  reader.read("reason", sample.reason, parse_absent_reason);
  reader.read("numerator", sample.numerator);
  reader.read("denominator", sample.denominator);
  reader.read("taken_us", sample.taken);
  if (reader.error()) return *reader.error();
  return sample;
}

json to_json(const DesiredLever& desired) {
  json out{{"lever", desired.key.lever},
           {"target", desired.key.target},
           {"value", to_json(desired.value)},
           {"ttl_us", desired.ttl.count()},
           {"policy", desired.policy},
           {"subject", to_text(desired.subject)},
           {"rung", desired.rung},
           {"policy_hash", desired.policy_hash},
           {"reason", desired.reason}};
  if (!desired.regulated.empty()) {
    out["regulated"] = desired.regulated;
    out["baseline"] = codec::number(desired.baseline);
  }
  return out;
}

}  // namespace homeostat
