// SPDX-License-Identifier: Apache-2.0
#include "controller/transport/pg_error.hpp"

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>

namespace homeostat::pg {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  const auto last = text.find_last_not_of(" \t\r\n");
  return text.substr(first, last - first + 1);
}

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

// "…FATAL:  28P01: password authentication failed…": the severity is translated, the code is not.
std::optional<std::string_view> sqlstate_in(std::string_view line) {
  const auto is_code = [](std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char character) {
      const auto byte = static_cast<unsigned char>(character);
      return std::isdigit(byte) != 0 || std::isupper(byte) != 0;
    });
  };
  constexpr std::string_view kGap = ":  ";
  for (auto at = line.find(kGap); at != std::string_view::npos; at = line.find(kGap, at + 1)) {
    const auto rest = line.substr(at + kGap.size());
    if (rest.size() > 6 && rest[5] == ':' && is_code(rest.substr(0, 5))) return rest.substr(0, 5);
  }
  return std::nullopt;
}

// The line that says what failed: libpq adds hints, and with VERBOSE the place in its sources.
std::string_view telling_line(std::string_view message) {
  std::string_view chosen;
  while (!message.empty()) {
    const auto end = message.find('\n');
    const auto line = message.substr(0, end);
    const bool tells = line.starts_with("connection to server");
    if (chosen.empty() || tells) chosen = line;
    message = end == std::string_view::npos ? std::string_view{} : message.substr(end + 1);
  }
  return trim(chosen);
}

}  // namespace

ErrorCode code_of_sqlstate(std::string_view sqlstate) {
  if (sqlstate == "42501") return ErrorCode::missing_privilege;
  // lock_timeout and statement_timeout roll back before they answer: the outcome is known.
  if (sqlstate == "57014" || sqlstate == "55P03") return ErrorCode::cancelled;
  if (sqlstate == "HS001") return ErrorCode::superseded;
  if (sqlstate == "HS002") return ErrorCode::foreign_value;
  return ErrorCode::refused;
}

Error error_of(const PGresult* result) {
  const auto sqlstate = field(result, PG_DIAG_SQLSTATE);
  auto context = std::string{field(result, PG_DIAG_MESSAGE_PRIMARY)};
  if (context.empty()) context = trim(PQresultErrorMessage(result));
  std::replace(context.begin(), context.end(), '\n', ' ');
  if (!sqlstate.empty()) context.append(" (SQLSTATE ").append(sqlstate).append(")");
  return {code_of_sqlstate(sqlstate), std::move(context)};
}

Error connect_error(const PGconn* connection) {
  const auto line = telling_line(PQerrorMessage(connection));
  const auto sqlstate = sqlstate_in(line);
  auto code = ErrorCode::unavailable;
  if (sqlstate) {
    // 53: too many connections; 57P03: starting up. Both pass by themselves.
    const bool passing = sqlstate->starts_with("53") || sqlstate->starts_with("57");
    if (!passing) code = code_of_sqlstate(*sqlstate);
  }
  std::string context{line.empty() ? "connection failed" : line};
  // PgBouncer's words for the timeouts that we begin with. It does not say who it is.
  if (context.find("unsupported startup parameter") != std::string::npos) {
    context += " (this is PgBouncer: connect to the server itself)";
  }
  return {code, std::move(context)};
}

std::string first_line(const PGconn* connection) {
  const std::string_view message = PQerrorMessage(connection);
  const auto line = trim(message.substr(0, message.find('\n')));
  return line.empty() ? "the connection was lost" : std::string{line};
}

}  // namespace homeostat::pg
