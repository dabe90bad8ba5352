// SPDX-License-Identifier: Apache-2.0
#include "controller/api/history_query.hpp"

#include <charconv>
#include <string>

#include "controller/loop/rfc3339.hpp"

namespace homeostat {
namespace {

constexpr int kMostRows = 1000;

Error bad(const std::string& name, const std::string& expected) {
  return Error{ErrorCode::invalid_input, name + "=: expected " + expected, {}};
}

}  // namespace

Result<HistoryQuery> parse_history_query(const HttpRequest& request) {
  HistoryQuery query;
  for (const auto& [name, text] : request.query) {
    if (name == "policy") {
      query.policy = text;
    } else if (name == "subject") {
      query.subject = parse_subject(text);
      if (!query.subject) return bad(name, "a subject such as cluster or node/main");
    } else if (name == "from" || name == "until" || name == "at") {
      const auto time = parse_rfc3339(text);
      if (!time) return bad(name, "a time such as 2026-03-01T12:00:00Z");
      (name == "from" ? query.from : query.until) = time;
    } else if (name == "limit") {
      const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), query.limit);
      const bool whole = ec == std::errc{} && end == text.data() + text.size();
      if (!whole || query.limit < 1 || query.limit > kMostRows) {
        return bad(name, "a number from 1 to " + std::to_string(kMostRows));
      }
    } else {
      return bad(name, "one of policy, subject, from, until, at, limit");
    }
  }
  return query;
}

}  // namespace homeostat
