// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/journal_schema.hpp"

#include <cstdint>
#include <string>

namespace homeostat::journal {
namespace {

constexpr std::int64_t kVersion = 7;
constexpr std::int64_t kApplicationId = 0x484d5354;  // "HMST": what `file` and we know it by

// step.run counts the starts of the daemon: the monotonic time line may begin anew with each.
// step.paused: names of policies, a space between two. step.acks: scope and monotonic time of each,
// a space between two. step.sessions_ended: within the hour before, as the ledger had counted them.
// step.decided: 0 for what a daemon did at its end, without deciding. basis:
// of the steps that have one (see JournalStep). job: what was known of jobs, of the steps that knew
// any. step.samples names its series by number (see
// journal_samples.hpp). verdict.notable leaves out what was idle or only holding.
constexpr const char* kTables = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE series (
  id INTEGER PRIMARY KEY, signal TEXT NOT NULL, subject TEXT NOT NULL, UNIQUE (signal, subject));
CREATE TABLE step (
  id INTEGER PRIMARY KEY, run INTEGER NOT NULL, wall INTEGER NOT NULL, mono INTEGER NOT NULL,
  decided INTEGER NOT NULL, bar TEXT NOT NULL, paused TEXT NOT NULL, samples TEXT NOT NULL,
  acks TEXT NOT NULL, sessions_ended INTEGER NOT NULL);
CREATE INDEX step_wall ON step (wall);
CREATE TABLE basis (step INTEGER PRIMARY KEY, wall INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE job (step INTEGER PRIMARY KEY, wall INTEGER NOT NULL, json TEXT NOT NULL);
CREATE TABLE verdict (
  id INTEGER PRIMARY KEY, step INTEGER NOT NULL, wall INTEGER NOT NULL, policy TEXT NOT NULL,
  subject TEXT NOT NULL, did TEXT NOT NULL, notable INTEGER NOT NULL, json TEXT NOT NULL);
CREATE INDEX verdict_wall ON verdict (wall);
CREATE INDEX verdict_policy ON verdict (policy, wall);
CREATE INDEX verdict_notable ON verdict (wall) WHERE notable = 1;
CREATE TABLE act (
  id INTEGER PRIMARY KEY, step INTEGER NOT NULL, wall INTEGER NOT NULL, policy TEXT NOT NULL,
  subject TEXT NOT NULL, json TEXT NOT NULL);
CREATE INDEX act_wall ON act (wall);
CREATE TABLE effect (
  id INTEGER PRIMARY KEY, step INTEGER NOT NULL, wall INTEGER NOT NULL, policy TEXT NOT NULL,
  subject TEXT NOT NULL, json TEXT NOT NULL);
CREATE INDEX effect_wall ON effect (wall);
)sql";

Error foreign(const std::string& what) {
  return {ErrorCode::storage, "this file is " + what + ": name another one, or move it away"};
}

Result<std::int64_t> table_count(sqlite::Database& database) {
  return database.integer("SELECT count(*) FROM sqlite_schema");
}

}  // namespace

Result<void> check_schema(sqlite::Database& database) {
  const auto application = database.integer("PRAGMA application_id");
  if (!application.has_value()) return application.error();
  if (*application != kApplicationId) return foreign("no journal of Homeostat");
  const auto version = database.integer("SELECT value FROM meta WHERE key = 'schema'");
  if (!version.has_value()) return version.error();
  if (*version == kVersion) return {};
  return foreign("a journal with tables of version " + std::to_string(*version) +
                 ", and this program knows version " + std::to_string(kVersion));
}

Result<void> check_unless_empty(sqlite::Database& database) {
  const auto tables = table_count(database);
  if (!tables.has_value()) return tables.error();
  return *tables == 0 ? Result<void>{} : check_schema(database);
}

Result<void> create_if_empty(sqlite::Database& database) {
  const auto tables = table_count(database);
  if (!tables.has_value()) return tables.error();
  if (*tables > 0) return {};
  auto created = database.execute(
      "BEGIN IMMEDIATE; PRAGMA application_id = " + std::to_string(kApplicationId) + ";" + kTables +
      "INSERT INTO meta VALUES ('schema', '" + std::to_string(kVersion) + "'); COMMIT");
  if (!created.has_value() && database.in_transaction()) (void)database.execute("ROLLBACK");
  return created;
}

}  // namespace homeostat::journal
