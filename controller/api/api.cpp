// SPDX-License-Identifier: Apache-2.0
#include "controller/api/api.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "controller/api/history_query.hpp"
#include "controller/api/host_check.hpp"
#include "controller/api/metrics.hpp"
#include "controller/api/process_usage.hpp"
#include "controller/api/report_json.hpp"
#include "controller/api/status_page.hpp"
#include "controller/loop/act_codec.hpp"
#include "policies/model/codec.hpp"

namespace homeostat {
namespace {

using nlohmann::json;

HttpAnswer json_answer(int status, const json& body) {
  HttpAnswer answer;
  answer.status = status;
  // Text from servers and files may hold bytes that are no UTF-8: replaced, not refused.
  answer.body = body.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
  return answer;
}

HttpAnswer error_answer(int status, const std::string& what) {
  return json_answer(status, {{"error", what}});
}

HttpAnswer text_answer(int status, const std::string& line) {
  HttpAnswer answer;
  answer.status = status;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = line + "\n";
  return answer;
}

/// No page of another origin may read, frame or sniff an answer; there is no CORS header.
void harden(HttpAnswer& answer) {
  const auto& headers = answer.headers;
  const bool own_policy = std::any_of(headers.begin(), headers.end(), [](const auto& header) {
    return header.first == "Content-Security-Policy";
  });
  if (!own_policy) {
    answer.headers.emplace_back("Content-Security-Policy",
                                "default-src 'none'; frame-ancestors 'none'");
  }
  answer.headers.emplace_back("X-Content-Type-Options", "nosniff");
  answer.headers.emplace_back("X-Frame-Options", "DENY");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  answer.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
  answer.headers.emplace_back("Cache-Control", "no-store");
}

/// Rows of the journal as {`plural`: [{wall_us, `singular`: …}]}.
template <class Record>
HttpAnswer rows(const Result<std::vector<Record>>& records, const char* plural,
                const char* singular, json (*one)(const Record&)) {
  if (!records.has_value()) return error_answer(503, records.error().context);
  json list = json::array();
  for (const auto& record : *records) {
    list.push_back({{"wall_us", record.wall.time_since_epoch().count()}, {singular, one(record)}});
  }
  return json_answer(200, {{plural, std::move(list)}});
}

json verdict_of(const RecordedVerdict& record) { return to_json(record.verdict); }
json act_of(const RecordedAct& record) { return to_json(record.act); }
json effect_of(const RecordedEffect& record) { return to_json(record.effect); }

HttpAnswer decisions(const History& history, const HistoryQuery& query) {
  return rows(history.verdicts(query), "decisions", "verdict", verdict_of);
}
HttpAnswer acts(const History& history, const HistoryQuery& query) {
  return rows(history.acts(query), "acts", "act", act_of);
}
HttpAnswer effects(const History& history, const HistoryQuery& query) {
  return rows(history.effects(query), "effects", "effect", effect_of);
}

HttpAnswer past(const History& history, const HttpRequest& request,
                HttpAnswer (*ask)(const History&, const HistoryQuery&)) {
  const auto query = parse_history_query(request);
  if (!query.has_value()) return error_answer(400, query.error().context);
  return ask(history, *query);
}

std::string does_not_lead(const Report& report) {
  return "this instance does not lead" +
         (report.lease_holder.empty() ? std::string{} : ": " + report.lease_holder);
}

/// What a consumer of the group is to do now; 404: as it likes.
HttpAnswer batch_window(const Report& report, const HttpRequest& request, WallTime now) {
  const auto group = request.query.find("group");
  if (group == request.query.end() || request.query.size() != 1) {
    return error_answer(400, "expected group=, the name of a consumer group");
  }
  if (report.ledger_configured && !report.leader) {
    return error_answer(503, does_not_lead(report));
  }
  for (const auto& window : report.batch_windows) {
    if (window.group != group->second || window.expires <= now) continue;
    return json_answer(200, to_json(window));
  }
  return error_answer(404, "no window is set for this group");
}

/// Which node holds the zone, as a policy knows that escalates to it; empty: none does, or nobody.
std::string holder_of(const Report& report, const std::string& zone) {
  for (const auto& policy : report.policies) {
    if (!policy.escalate) continue;
    const auto found = policy.escalate->holders.find({SubjectKind::zone, zone});
    if (found != policy.escalate->holders.end()) return to_text(found->second);
  }
  return {};
}

/// How many transactions of the zone run at a time, and how long others queue, and of one in
/// recovery the share of keys that is let in: for gateways that do not ask the database. 404: no
/// limit of ours. It holds until the first of them runs out.
HttpAnswer admission(const Report& report, const HttpRequest& request, WallTime now) {
  const auto zone = request.query.find("zone");
  if (zone == request.query.end() || request.query.size() != 1) {
    return error_answer(400, "expected zone=, the name of a zone");
  }
  if (!report.leader) return error_answer(503, does_not_lead(report));
  const auto target = "zone/" + zone->second;
  const auto node = holder_of(report, zone->second);
  json answer;
  for (const auto& open : report.levers) {
    const auto& key = open.row.key;
    const bool limits = key == LeverKey{"admission", target};
    const bool recovers = key.lever == "zone" && (key.target == target || key.target == node);
    const auto expires = report.wall + open.row.remaining;
    // A value that somebody else has changed is not ours to tell.
    if ((!limits && !recovers) || open.drifted || expires <= now) continue;
    const std::int64_t until = expires.time_since_epoch().count() / 1000;
    const json stands = to_json(open.row.value);  // queue_limit in seconds
    for (const auto& [name, value] : stands.items()) {
      const bool looser = recovers && answer.contains(name) && answer[name] < value;
      if (!looser) answer[name] = value;
    }
    answer["zone"] = zone->second;
    answer["epoch"] = std::max(answer.value("epoch", open.row.token.epoch), open.row.token.epoch);
    answer["expires_at_ms"] = std::min(answer.value("expires_at_ms", until), until);
  }
  return answer.empty() ? error_answer(404, "no limit is set for this zone")
                        : json_answer(200, answer);
}

HttpAnswer policies(const Report& report) {
  json list = json::array();
  for (const auto& policy : report.policies) list.push_back(to_json(policy));
  return json_answer(200, {{"policies", std::move(list)}});
}

}  // namespace

Api::Api(ApiParts parts, std::string listen_host, Duration tick)
    : parts_(std::move(parts)),
      listen_host_(std::move(listen_host)),
      tick_(tick),
      made_(parts_.clock.now()),
      page_(status_page()) {}

HttpAnswer Api::answer(const HttpRequest& request) const {
  HttpAnswer answer = host_allowed(request.host, listen_host_)
                          ? route(request)
                          : error_answer(421, "this Host is not served here");
  harden(answer);
  return answer;
}

HttpAnswer Api::route(const HttpRequest& request) const {
  const auto& path = request.path;
  if (path == "/") return page_;
  if (path == "/metrics") return metrics();
  if (path == "/livez") return live();
  if (path == "/readyz") return ready();
  if (path == "/v1/decisions") return past(parts_.history, request, decisions);
  if (path == "/v1/acts") return past(parts_.history, request, acts);
  if (path == "/v1/effects") return past(parts_.history, request, effects);
  const bool window = path == "/v1/batch-window";
  const bool limit = path == "/v1/admission";
  if (path != "/v1/status" && path != "/v1/policies" && !window && !limit) {
    return error_answer(404, "no such path");
  }
  const auto report = parts_.report();
  if (!report) return error_answer(503, "the first step has not ended yet");
  if (window) return batch_window(*report, request, parts_.clock.wall());
  if (limit) return admission(*report, request, parts_.clock.wall());
  return path == "/v1/status" ? json_answer(200, to_json(*report)) : policies(*report);
}

HttpAnswer Api::live() const {
  const auto report = parts_.report();
  const Duration age = parts_.clock.now() - (report ? report->at : made_);
  const Duration limit = std::max<Duration>(3 * tick_, std::chrono::seconds{30});
  const bool alive = age <= limit;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(age).count();
  return text_answer(alive ? 200 : 503, (alive ? "ok: last step " : "stuck: last step ") +
                                            std::to_string(seconds) + " s ago");
}

HttpAnswer Api::ready() const {
  const bool ready = parts_.report() != nullptr;
  return text_answer(ready ? 200 : 503, ready ? "ok" : "the first step has not ended yet");
}

HttpAnswer Api::metrics() const {
  const auto report = parts_.report();
  HttpAnswer answer;
  if (!report) return text_answer(503, "the first step has not ended yet");
  answer.content_type = kMetricsContentType;
  answer.body = metrics_text(*report, process_usage());
  return answer;
}

}  // namespace homeostat
