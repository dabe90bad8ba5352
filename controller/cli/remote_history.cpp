// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/remote_history.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "controller/cli/daemon_client.hpp"
#include "controller/cli/when.hpp"
#include "controller/loop/act_codec.hpp"
#include "policies/model/codec.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

constexpr int kMostRows = 1000;  ///< that the API answers at once
constexpr int kMostPages = 20;

/// One of the API's lists: /v1/acts answers {"acts": [{"wall_us", "act"}]}.
template <class Value>
struct List {
  const char* path;
  const char* plural;
  const char* singular;
  Result<Value> (*decode)(const json&);
};

Parameters parameters_of(const HistoryQuery& query) {
  Parameters parameters{{"limit", std::to_string(std::clamp(query.limit, 1, kMostRows))}};
  if (query.policy) parameters.emplace_back("policy", *query.policy);
  if (query.subject) parameters.emplace_back("subject", to_text(*query.subject));
  if (query.from) parameters.emplace_back("from", exact_rfc3339(*query.from));
  if (query.until) parameters.emplace_back("until", exact_rfc3339(*query.until));
  return parameters;
}

Error not_ours(const std::string& what) {
  return {ErrorCode::protocol, "the daemon's answer cannot be understood: " + what};
}

std::optional<WallTime> wall_of(const json& row) {
  if (!row.is_object() || !row.contains("wall_us")) return std::nullopt;
  const auto& wall = row["wall_us"];
  if (!wall.is_number_integer()) return std::nullopt;
  return WallTime{Duration{wall.get<std::int64_t>()}};
}

template <class Recorded, class Value>
Result<std::vector<Recorded>> ask(const std::string& server, const List<Value>& list,
                                  const HistoryQuery& query) {
  const auto answer = ask_daemon(server, list.path, parameters_of(query));
  if (!answer.has_value()) return answer.error();
  if (!answer->contains(list.plural) || !(*answer)[list.plural].is_array()) {
    return not_ours(std::string("no ") + list.plural);
  }
  std::vector<Recorded> found;
  for (const auto& row : (*answer)[list.plural]) {
    const auto wall = wall_of(row);
    if (!wall || !row.contains(list.singular)) return not_ours("a row without time or value");
    auto value = list.decode(row[list.singular]);
    if (!value.has_value()) return not_ours(value.error().context);
    found.push_back({*wall, std::move(*value)});
  }
  return found;
}

const List<Verdict> kDecisions{"/v1/decisions", "decisions", "verdict", verdict_from_json};
const List<ActRecord> kActs{"/v1/acts", "acts", "act", act_from_json};
const List<Effect> kEffects{"/v1/effects", "effects", "effect", effect_from_json};

bool changed(const RecordedVerdict& recorded) {
  const auto step = recorded.verdict.step;
  return step != Step::idle && step != Step::holding;
}

/// The API does not tell verdicts by what they did: asked page by page, backwards.
Result<std::vector<RecordedVerdict>> changes(const std::string& server, HistoryQuery query) {
  const auto wanted = static_cast<std::size_t>(std::max(query.limit, 0));
  query.limit = kMostRows;
  std::vector<RecordedVerdict> found;
  for (int page = 0; page < kMostPages && found.size() < wanted; ++page) {
    auto rows = ask<RecordedVerdict>(server, kDecisions, query);
    if (!rows.has_value()) return rows;
    const bool last = rows->size() < static_cast<std::size_t>(kMostRows);
    const auto oldest = last ? WallTime{} : rows->back().wall;
    // The page may end amid the verdicts of one step: the next one begins with all of them.
    const bool turns = !last && rows->front().wall != oldest;
    for (auto& row : *rows) {
      if (changed(row) && !(turns && row.wall == oldest)) found.push_back(std::move(row));
    }
    if (last) break;
    query.until = turns ? oldest : oldest - Duration{1};
  }
  if (found.size() > wanted)
    found.erase(found.begin() + static_cast<std::ptrdiff_t>(wanted), found.end());
  return found;
}

}  // namespace

RemoteHistory::RemoteHistory(std::string server) : server_(std::move(server)) {}

Result<std::vector<RecordedVerdict>> RemoteHistory::verdicts(const HistoryQuery& query) const {
  if (query.changes_only) return changes(server_, query);
  return ask<RecordedVerdict>(server_, kDecisions, query);
}

Result<std::vector<RecordedAct>> RemoteHistory::acts(const HistoryQuery& query) const {
  return ask<RecordedAct>(server_, kActs, query);
}

Result<std::vector<RecordedEffect>> RemoteHistory::effects(const HistoryQuery& query) const {
  return ask<RecordedEffect>(server_, kEffects, query);
}

}  // namespace homeostat
