// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/migrations.hpp"

#include <openssl/sha.h>

#include <array>
#include <map>
#include <optional>
#include <utility>

#include "controller/loop/direct_session.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

std::string checksum(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const auto byte : digest) {
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 15U]);
  }
  return hex;
}

// One simple-protocol message is one transaction: text and record stand or fall together.
std::string with_record(const sql::Migration& migration) {
  std::string text{migration.text};
  text.append("\nINSERT INTO homeostat.schema_version (number, name, checksum) VALUES (")
      .append(std::to_string(migration.number))
      .append(", '")
      .append(migration.name)
      .append("', '")
      .append(checksum(migration.text))
      .append("');\n");
  return text;
}

Error refused(std::string why) { return {ErrorCode::refused, std::move(why), {}}; }

struct Applied {
  std::string name;
  std::string checksum;
};

// Why the recorded migrations cannot be continued with ours.
std::optional<Error> conflict(const std::map<std::int64_t, Applied>& applied) {
  std::map<std::int64_t, const sql::Migration*> known;
  for (const auto& migration : sql::migrations()) known.emplace(migration.number, &migration);
  for (const auto& [number, record] : applied) {
    const auto ours = known.find(number);
    if (ours == known.end()) {
      return refused("the schema has migration " + record.name +
                     ", this homeostat knows none beyond " +
                     std::to_string(known_schema_version()) + ": it is the older of the two");
    }
    if (checksum(ours->second->text) != record.checksum) {
      return refused("migration " + record.name +
                     " was applied with another text than this homeostat carries");
    }
  }
  return std::nullopt;
}

// A Citus coordinator would make the schema on its workers too, as far as it can. Elsewhere this is
// a setting that nobody reads.
constexpr std::string_view kHereOnly = "SET citus.enable_ddl_propagation TO off";

// Becomes the owner. True: the schema has its table of versions.
asio::awaitable<Result<bool>> become_owner(pg::Session& session, Duration deadline) {
  const auto role = co_await session.query(std::string{sql::migration_role}, {}, deadline);
  if (!role.has_value()) co_return role.error();
  if (role->string(0, 2) != "t") {
    co_return refused(
        "role homeostat_owner does not exist: run what `homeostat grants --actuator` prints");
  }
  if (role->string(0, 1) != "t") {
    co_return refused(
        "schema homeostat does not exist here: run what `homeostat grants --actuator` prints");
  }
  const auto owner = co_await session.script("SET ROLE homeostat_owner", deadline);
  if (!owner.has_value()) {
    Error error = owner.error();
    if (error.code == ErrorCode::missing_privilege) {
      error.context +=
          ": migrate as homeostat_owner, or as a role that may become it (GRANT homeostat_owner "
          "TO …, from PostgreSQL 16 on WITH SET TRUE)";
    }
    co_return error;
  }
  const auto here = co_await session.script(std::string{kHereOnly}, deadline);
  if (!here.has_value()) co_return here.error();
  co_return role->string(0, 0) == "t";
}

asio::awaitable<Result<std::map<std::int64_t, Applied>>> applied_migrations(pg::Session& session,
                                                                            Duration deadline) {
  const auto table = co_await session.query(std::string{sql::migration_applied}, {}, deadline);
  if (!table.has_value()) co_return table.error();
  std::map<std::int64_t, Applied> applied;
  for (int row = 0; row < table->rows(); ++row) {
    Applied record;
    record.name = table->string(row, 1);
    record.checksum = table->string(row, 2);
    applied.emplace(table->integer(row, 0).value_or(0), std::move(record));
  }
  co_return applied;
}

std::string with_roles(std::string_view script, const std::vector<std::string>& roles) {
  constexpr std::string_view kPlace = "{{roles}}";
  std::string list;
  for (const auto& role : roles) list.append(list.empty() ? "'" : ", '").append(role).append("'");
  std::string filled{script};
  return filled.replace(filled.find(kPlace), kPlace.size(), list);
}

}  // namespace

asio::awaitable<Result<MigrationReport>> migrate(pg::Session& session, Duration deadline) {
  const auto direct = co_await require_direct(session, deadline);
  if (!direct.has_value()) co_return direct.error();
  const auto locked = co_await session.query(std::string{sql::migration_lock}, {}, deadline);
  if (!locked.has_value()) co_return locked.error();
  if (locked->string(0, 0) != "t") co_return refused("another migration is under way");

  const auto versioned = co_await become_owner(session, deadline);
  if (!versioned.has_value()) co_return versioned.error();
  std::map<std::int64_t, Applied> applied;
  if (*versioned) {
    auto recorded = co_await applied_migrations(session, deadline);
    if (!recorded.has_value()) co_return recorded.error();
    applied = std::move(*recorded);
  }
  if (auto error = conflict(applied)) co_return std::move(*error);

  MigrationReport report;
  for (const auto& migration : sql::migrations()) {
    report.version = migration.number;
    if (applied.contains(migration.number)) continue;
    auto text = with_record(migration);
    const auto done = co_await session.script(std::move(text), deadline);
    if (!done.has_value()) {
      Error error = done.error();
      error.context = std::string{migration.name} + ": " + error.context;
      co_return error;
    }
    report.applied.emplace_back(migration.name);
  }
  co_return report;
}

int known_schema_version() {
  const auto known = sql::migrations();
  return known.empty() ? 0 : known.back().number;
}

std::string migration_script() {
  std::string script =
      "-- The schema `homeostat`. After `homeostat grants --actuator`, with psql -v "
      "ON_ERROR_STOP=1,\n-- as homeostat_owner or a superuser.\n"
      "SET ROLE homeostat_owner;\n";
  script.append(kHereOnly).append(";\n");
  for (const auto& migration : sql::migrations()) {
    script.append("\nBEGIN;\n").append(with_record(migration)).append("COMMIT;\n");
  }
  return script.append("\nRESET citus.enable_ddl_propagation;\nRESET ROLE;\n");
}

std::string planner_roles_script(const std::vector<std::string>& roles) {
  return with_roles(sql::planner_role, roles);
}

std::string session_roles_script(const std::vector<std::string>& roles) {
  return with_roles(sql::session_role, roles);
}

std::string citus_roles_script(const std::vector<std::string>& roles) {
  return with_roles(sql::citus_role, roles);
}

std::string consumer_roles_script(const std::vector<std::string>& roles) {
  return with_roles(sql::consumer_role, roles);
}

}  // namespace homeostat
