// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/journal_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "controller/loop/act_codec.hpp"
#include "controller/loop/basis_codec.hpp"
#include "controller/loop/jobs_codec.hpp"
#include "policies/model/codec.hpp"

namespace homeostat::journal {
namespace {

constexpr int kMostRows = 10'000;

std::int64_t rows(int limit) { return std::clamp(limit, 0, kMostRows); }

WallTime wall_at(std::int64_t microseconds) { return WallTime{Duration{microseconds}}; }

Result<sqlite::Statement> select(sqlite::Database& database, const std::string& table,
                                 const HistoryQuery& query) {
  std::string sql = "SELECT wall, json FROM " + table + " WHERE 1";
  if (query.policy) sql += " AND policy = ?1";
  if (query.subject) sql += " AND subject = ?2";
  if (query.from) sql += " AND wall >= ?3";
  if (query.until) sql += " AND wall <= ?4";
  if (query.changes_only && table == "verdict") sql += " AND notable = 1";
  sql += " ORDER BY wall DESC, id DESC LIMIT ?5";
  auto statement = database.prepare(sql);
  if (!statement.has_value()) return statement;
  if (query.policy) statement->bind(1, *query.policy);
  if (query.subject) statement->bind(2, to_text(*query.subject));
  if (query.from) statement->bind(3, query.from->time_since_epoch().count());
  if (query.until) statement->bind(4, query.until->time_since_epoch().count());
  statement->bind(5, rows(query.limit));
  return statement;
}

template <class Value>
Result<Value> decoded(std::string_view text, Result<Value> (*decode)(const nlohmann::json&)) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  auto value = decode(json);
  if (value.has_value()) return value;
  return Error{ErrorCode::storage, "the journal cannot be read: " + value.error().context};
}

template <class Recorded, class Value>
Result<std::vector<Recorded>> read(sqlite::Database& database, const char* table,
                                   const HistoryQuery& query,
                                   Result<Value> (*decode)(const nlohmann::json&)) {
  auto statement = select(database, table, query);
  if (!statement.has_value()) return statement.error();
  std::vector<Recorded> found;
  while (true) {
    const auto row = statement->step();
    if (!row.has_value()) return row.error();
    if (!*row) return found;
    auto value = decoded(statement->text(1), decode);
    if (!value.has_value()) return value.error();
    found.push_back({wall_at(statement->integer(0)), std::move(*value)});
  }
}

/// The rows of a step in the order in which they were written.
template <class Value>
Result<void> read_of_step(sqlite::Statement& statement, std::int64_t step, std::vector<Value>& into,
                          Result<Value> (*decode)(const nlohmann::json&)) {
  statement.reset().bind(1, step);
  while (true) {
    const auto row = statement.step();
    if (!row.has_value()) return row.error();
    if (!*row) return {};
    auto value = decoded(statement.text(0), decode);
    if (!value.has_value()) return value.error();
    into.push_back(std::move(*value));
  }
}

/// What a step did, found by its wall time (indexed) and number.
struct PartsOfStep {
  sqlite::Statement basis;
  sqlite::Statement jobs;
  sqlite::Statement verdicts;
  sqlite::Statement effects;
  sqlite::Statement acts;
};

Result<sqlite::Statement> prepare_part(sqlite::Database& database, const std::string& table) {
  return database.prepare("SELECT json FROM " + table +
                          " WHERE wall = (SELECT wall FROM step WHERE id = ?1) AND step = ?1 "
                          "ORDER BY id");
}

Result<PartsOfStep> prepare_parts(sqlite::Database& database) {
  auto basis = database.prepare("SELECT json FROM basis WHERE step = ?1");
  if (!basis.has_value()) return basis.error();
  auto jobs = database.prepare("SELECT json FROM job WHERE step = ?1");
  if (!jobs.has_value()) return jobs.error();
  auto verdicts = prepare_part(database, "verdict");
  if (!verdicts.has_value()) return verdicts.error();
  auto effects = prepare_part(database, "effect");
  if (!effects.has_value()) return effects.error();
  auto acts = prepare_part(database, "act");
  if (!acts.has_value()) return acts.error();
  return PartsOfStep{std::move(*basis), std::move(*jobs), std::move(*verdicts), std::move(*effects),
                     std::move(*acts)};
}

Result<void> read_jobs(sqlite::Statement& statement, std::int64_t number, JournalStep& step) {
  statement.reset().bind(1, number);
  const auto row = statement.step();
  if (!row.has_value()) return row.error();
  if (!*row) return {};
  const auto json = nlohmann::json::parse(statement.text(0), nullptr, /*allow_exceptions=*/false);
  const auto read = jobs_from_json(json, step);
  if (read.has_value()) return {};
  return Error{ErrorCode::storage, "the journal cannot be read: " + read.error().context};
}

Result<void> read_parts(PartsOfStep& parts, std::int64_t number, JournalStep& step) {
  std::vector<Basis> basis;
  auto done = read_of_step(parts.basis, number, basis, basis_from_json);
  if (!basis.empty()) step.basis = std::move(basis.front());
  if (done.has_value()) done = read_jobs(parts.jobs, number, step);
  if (done.has_value())
    done = read_of_step(parts.verdicts, number, step.verdicts, verdict_from_json);
  if (done.has_value()) done = read_of_step(parts.effects, number, step.effects, effect_from_json);
  if (done.has_value()) done = read_of_step(parts.acts, number, step.acts, act_from_json);
  return done;
}

}  // namespace

Result<std::vector<RecordedVerdict>> read_verdicts(sqlite::Database& database,
                                                   const HistoryQuery& query) {
  return read<RecordedVerdict>(database, "verdict", query, verdict_from_json);
}

Result<std::vector<RecordedAct>> read_acts(sqlite::Database& database, const HistoryQuery& query) {
  return read<RecordedAct>(database, "act", query, act_from_json);
}

Result<std::vector<RecordedEffect>> read_effects(sqlite::Database& database,
                                                 const HistoryQuery& query) {
  return read<RecordedEffect>(database, "effect", query, effect_from_json);
}

Result<std::map<std::int64_t, Series>> read_series(sqlite::Database& database) {
  auto statement = database.prepare("SELECT id, signal, subject FROM series");
  if (!statement.has_value()) return statement.error();
  std::map<std::int64_t, Series> series;
  while (true) {
    const auto row = statement->step();
    if (!row.has_value()) return row.error();
    if (!*row) return series;
    const auto subject = parse_subject(statement->text(2));
    if (!subject) return Error{ErrorCode::storage, "the journal names a subject that is none"};
    series[statement->integer(0)] = {std::string(statement->text(1)), *subject};
  }
}

Result<std::vector<RecordedStep>> read_steps(sqlite::Database& database, std::int64_t& after,
                                             int limit) {
  const auto series = read_series(database);
  if (!series.has_value()) return series.error();
  auto parts = prepare_parts(database);
  if (!parts.has_value()) return parts.error();
  auto statement = database.prepare(
      "SELECT id, run, wall, mono, bar, samples, paused, decided, acks, sessions_ended FROM step "
      "WHERE id > ?1 ORDER BY id LIMIT ?2");
  if (!statement.has_value()) return statement.error();
  statement->bind(1, after).bind(2, rows(limit));
  std::vector<RecordedStep> steps;
  while (true) {
    const auto row = statement->step();
    if (!row.has_value()) return row.error();
    if (!*row) return steps;
    RecordedStep recorded{statement->integer(1), {}};
    auto& step = recorded.step;
    step.wall = wall_at(statement->integer(2));
    step.at = TimePoint{Duration{statement->integer(3)}};
    const auto bar = parse_forward_bar(statement->text(4));
    if (!bar) return Error{ErrorCode::storage, "the journal holds a bar of unknown name"};
    step.bar = *bar;
    step.decided = statement->integer(7) != 0;
    step.sessions_ended = static_cast<int>(statement->integer(9));
    std::istringstream paused{std::string(statement->text(6))};
    for (std::string name; paused >> name;) step.paused.push_back(name);
    std::istringstream acks{std::string(statement->text(8))};
    std::int64_t at = 0;
    for (std::string scope; acks >> scope >> at;) {
      step.acks.push_back({scope, TimePoint{Duration{at}}});
    }
    auto samples = unpack_samples(statement->text(5), step.at, *series);
    if (!samples.has_value()) return samples.error();
    step.samples = std::move(*samples);
    const auto number = statement->integer(0);
    const auto rest = read_parts(*parts, number, step);
    if (!rest.has_value()) return rest.error();
    after = number;
    steps.push_back(std::move(recorded));
  }
}

}  // namespace homeostat::journal
