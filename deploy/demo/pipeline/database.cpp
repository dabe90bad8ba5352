// SPDX-License-Identifier: Apache-2.0
#include "deploy/demo/pipeline/database.hpp"

#include <cstdlib>
#include <iostream>

namespace melodyud {
namespace {

constexpr const char* kClaim =
    "SELECT partition, next_offset, owner_epoch FROM melodyud.claim_partitions($1, $2, $3)";
// One statement is one transaction. The offsets come first: who has lost a partition goes no
// further.
constexpr const char* kApply =
    "SELECT melodyud.advance_offsets($1, $2, $3, $4, $5, $6), melodyud.apply_play_batch($7, $8),"
    " melodyud.add_impressions($9, $10, $11)";
constexpr const char* kCanReport =
    "SELECT to_regprocedure('homeostat.report_batches(text, text, bigint, bigint, double precision,"
    " double precision, double precision)') IS NOT NULL";
constexpr const char* kReport = "SELECT homeostat.report_batches($1, $2, $3, $4, $5, $6, $7)";
constexpr const char* kFenced = "MU001";
constexpr std::chrono::minutes kAskAgain{1};  // whether Homeostat takes reports

/// An array in PostgreSQL's text form, {1,2,3}: of what `of` makes of each element.
template <class Elements, class Of>
std::string array_of(const Elements& elements, Of of) {
  std::string text = "{";
  for (const auto& element : elements) {
    if (text.size() > 1) text += ',';
    text += std::to_string(of(element));
  }
  return text + "}";
}

std::int64_t number_in(const PGresult* result, int row, int column) {
  return std::atoll(PQgetvalue(result, row, column));
}

}  // namespace

bool Database::connected() {
  if (connection_ && PQstatus(connection_.get()) == CONNECTION_OK) return true;
  // A server that is gone without a word must not hold us for longer than a batch may take.
  const bool is_url = conninfo_.starts_with("postgres");
  const auto limits = is_url ? "" : "connect_timeout=5 tcp_user_timeout=35000 keepalives_idle=5 ";
  connection_.reset(PQconnectdb((limits + conninfo_).c_str()));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    complain("no connection");
    return false;
  }
  for (const auto& [name, text] : {std::pair{"claim", kClaim}, std::pair{"apply", kApply}}) {
    const Answer prepared{PQprepare(connection_.get(), name, text, 0, nullptr)};
    if (PQresultStatus(prepared.get()) != PGRES_COMMAND_OK) {
      complain(name);
      connection_.reset();
      return false;
    }
  }
  return true;
}

void Database::complain(const std::string& what) const {
  std::cerr << "PostgreSQL: " << what << ": " << PQerrorMessage(connection_.get());
}

Database::Answer Database::ask(const char* statement, const std::vector<std::string>& values) {
  last_state_.clear();
  if (!connected()) return nullptr;
  std::vector<const char*> pointers;
  for (const auto& value : values) pointers.push_back(value.c_str());
  Answer answer{PQexecPrepared(connection_.get(), statement, static_cast<int>(pointers.size()),
                               pointers.data(), nullptr, nullptr, 0)};
  if (PQresultStatus(answer.get()) == PGRES_TUPLES_OK) return answer;
  const char* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
  last_state_ = state == nullptr ? "" : state;
  complain(statement);
  return nullptr;
}

std::optional<std::vector<Claim>> Database::claim(const std::vector<std::int32_t>& partitions) {
  const auto numbers = array_of(partitions, [](std::int32_t partition) { return partition; });
  const auto answer = ask("claim", {group_, topic_, numbers});
  if (!answer) return std::nullopt;
  std::vector<Claim> claims;
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    Claim claim;
    claim.partition = static_cast<std::int32_t>(number_in(answer.get(), row, 0));
    claim.next_offset = number_in(answer.get(), row, 1);
    claim.owner_epoch = number_in(answer.get(), row, 2);
    claims.push_back(claim);
  }
  return claims;
}

Database::Outcome Database::apply(const Batch& batch) {
  const auto answer = ask(
      "apply", {group_, topic_, array_of(batch.spans, [](const auto& span) { return span.first; }),
                array_of(batch.spans, [](const auto& span) { return span.second.owner_epoch; }),
                array_of(batch.spans, [](const auto& span) { return span.second.first_offset; }),
                array_of(batch.spans, [](const auto& span) { return span.second.next_offset; }),
                array_of(batch.plays, [](const auto& play) { return play.first; }),
                array_of(batch.plays, [](const auto& play) { return play.second; }),
                array_of(batch.impressions, [](const Event& event) { return event.listener_id; }),
                array_of(batch.impressions, [](const Event& event) { return event.track_id; }),
                array_of(batch.impressions, [](const Event& event) { return event.campaign; })});
  if (!answer) return last_state_ == kFenced ? Outcome::fenced : Outcome::unknown;
  const auto tracks = number_in(answer.get(), 0, 1);
  rows_written_ = number_in(answer.get(), 0, 0) + tracks + number_in(answer.get(), 0, 2);
  unknown_tracks_ = static_cast<std::int64_t>(batch.plays.size()) - tracks;
  return Outcome::applied;
}

bool Database::may_report() {
  if (may_report_ || Monotonic::now() < ask_again_) return may_report_;
  ask_again_ = Monotonic::now() + kAskAgain;
  const Answer answer{PQexec(connection_.get(), kCanReport)};
  may_report_ = PQresultStatus(answer.get()) == PGRES_TUPLES_OK &&
                std::string_view{PQgetvalue(answer.get(), 0, 0)} == "t";
  return may_report_;
}

void Database::report(const std::string& member, const BatchCosts& costs) {
  if (!connected() || !may_report()) return;
  const std::vector<std::string> values{group_,
                                        member,
                                        std::to_string(static_cast<std::int64_t>(costs.batches)),
                                        std::to_string(static_cast<std::int64_t>(costs.events)),
                                        std::to_string(costs.busy_seconds),
                                        std::to_string(costs.events_squared),
                                        std::to_string(costs.events_busy)};
  std::vector<const char*> pointers;
  for (const auto& value : values) pointers.push_back(value.c_str());
  const Answer answer{PQexecParams(connection_.get(), kReport, static_cast<int>(pointers.size()),
                                   nullptr, pointers.data(), nullptr, nullptr, 0)};
  if (PQresultStatus(answer.get()) == PGRES_TUPLES_OK) return;
  complain("report_batches");
  may_report_ = false;  // for a minute
}

}  // namespace melodyud
