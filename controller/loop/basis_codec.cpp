// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/basis_codec.hpp"

#include <utility>

#include "policies/model/codec.hpp"
#include "policies/model/codec_reader.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

json to_json(const PolicyStamp& stamp) {
  return {{"policy", stamp.policy}, {"hash", stamp.hash}, {"mode", to_text(stamp.mode)}};
}

Result<PolicyStamp> stamp_from_json(const json& in) {
  PolicyStamp stamp;
  codec::Reader reader(in, "policy of a basis");
  reader.read("policy", stamp.policy);
  reader.read("hash", stamp.hash);
  reader.read("mode", stamp.mode, parse_mode);
  if (reader.error()) return *reader.error();
  return stamp;
}

template <class Value>
void write_all(json& out, const char* key, const std::vector<Value>& values) {
  out[key] = json::array();
  for (const auto& value : values) out[key].push_back(to_json(value));
}

}  // namespace

json to_json(const Basis& basis) {
  json out;
  write_all(out, "policies", basis.policies);
  if (!basis.resumed) return out;
  write_all(out["resumed"], "memories", basis.resumed->memories);
  write_all(out["resumed"], "acts", basis.resumed->acts);
  write_all(out["resumed"], "values", basis.resumed->values);
  write_all(out["resumed"], "moved", basis.resumed->moved);
  if (const auto& braked = basis.resumed->braked) {
    out["resumed"]["braked_us"] = braked->time_since_epoch().count();
  }
  return out;
}

Result<Basis> basis_from_json(const json& in) {
  Basis basis;
  codec::Reader reader(in, "basis");
  codec::read_all(reader, "policies", basis.policies, stamp_from_json);
  if (reader.error()) return *reader.error();
  const auto resumed = in.find("resumed");
  if (resumed == in.end()) return basis;
  codec::Reader inner(*resumed, "resumption");
  basis.resumed.emplace();
  codec::read_all(inner, "memories", basis.resumed->memories, policy_memory_from_json);
  codec::read_all(inner, "acts", basis.resumed->acts, forward_act_from_json);
  codec::read_all(inner, "values", basis.resumed->values, regulated_value_from_json);
  codec::read_all(inner, "moved", basis.resumed->moved, moved_bytes_from_json);
  std::optional<std::int64_t> braked;
  inner.read_optional("braked_us", braked);
  if (braked) basis.resumed->braked = TimePoint{Duration{*braked}};
  if (inner.error()) return *inner.error();
  return basis;
}

}  // namespace homeostat
