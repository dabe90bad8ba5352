// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/text/history_json.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "controller/loop/act_codec.hpp"
#include "policies/model/codec.hpp"

namespace homeostat::text {
namespace {

using nlohmann::json;

json value_of(const RecordedVerdict& recorded) { return to_json(recorded.verdict); }
json value_of(const RecordedAct& recorded) { return to_json(recorded.act); }
json value_of(const RecordedEffect& recorded) { return to_json(recorded.effect); }

/// REQUIRES: `rows` has the newest first.
template <class Recorded>
json list(const std::vector<Recorded>& rows, int limit, const char* name) {
  auto out = json::array();
  const auto count = std::min(rows.size(), static_cast<std::size_t>(std::max(limit, 0)));
  for (auto left = count; left > 0; --left) {
    const auto& row = rows[left - 1];
    out.push_back({{"wall_us", row.wall.time_since_epoch().count()}, {name, value_of(row)}});
  }
  return out;
}

}  // namespace

std::string history_json(const Past& past, int limit) {
  const json out{{"decisions", list(past.verdicts, limit, "verdict")},
                 {"acts", list(past.acts, limit, "act")},
                 {"effects", list(past.effects, limit, "effect")}};
  return out.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace homeostat::text
