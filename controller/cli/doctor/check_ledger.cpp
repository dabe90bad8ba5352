// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_ledger.hpp"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "controller/cli/doctor/check_managed_roles.hpp"
#include "controller/cli/doctor/check_server.hpp"
#include "controller/cli/doctor/json_row.hpp"
#include "controller/loop/migrations.hpp"
#include "sql/embedded.hpp"

namespace homeostat::doctor {
namespace asio = boost::asio;
namespace {

using nlohmann::json;

std::string migrate_command(const Config& config) {
  return "homeostat migrate --config " + config.path +
         " --password-file FILE, with the password of "
         "homeostat_owner";
}

std::string lines(const json& list) {
  std::string text;
  for (const auto& line : list) text += (text.empty() ? "" : "\n") + line.get<std::string>();
  return text;
}

// False when there is nothing further to look at.
bool judge_schema(const json& schema, const ServerFacts& facts, const Config& config,
                  Findings& findings) {
  const std::string why = "every lever is recorded in the schema `homeostat` before it is set";
  if (!schema.at("schema_exists").get<bool>()) {
    findings.fail("schema", "the database has no schema `homeostat`",
                  {why, "homeostat grants --actuator | psql -X -v ON_ERROR_STOP=1 -d " +
                            facts.database + "\n" + migrate_command(config)});
    return false;
  }
  if (!schema.at("tables_exist").get<bool>()) {
    findings.fail("schema", "the schema `homeostat` is empty", {why, migrate_command(config)});
    return false;
  }
  return true;
}

void judge_privileges(const json& schema, const ServerFacts& facts, Findings& findings) {
  const auto& missing = schema.at("missing");
  const auto& revert = schema.at("missing_to_revert");
  if (!missing.empty()) {
    findings.fail("privileges",
                  "the actuator lacks " + std::to_string(missing.size()) + " grants to act",
                  {"forward acts would be refused half-way", lines(missing)});
  }
  if (!revert.empty()) {
    findings.fail("revert", "the actuator may not give back",
                  {"what it set would stand until it expires: nothing may be set that cannot be "
                   "taken back",
                   lines(revert)});
  }
  if (!schema.at("owner_reads_statistics").get<bool>()) {
    findings.fail("privileges", "homeostat_owner cannot tell sessions apart",
                  {"the schema's functions run as their owner and name the session that leads",
                   grant_inherited(facts, "pg_read_all_stats", "homeostat_owner",
                                   schema.at("owner_inherits").get<bool>())});
  }
  if (!schema.at("everybody_may_ask").get<bool>()) {
    findings.warn("privileges",
                  "not every role may ask homeostat.allowed(), batch_window(), admit() and route()",
                  {"an application that asks gets an error instead of an answer",
                   "GRANT USAGE ON SCHEMA homeostat TO PUBLIC;\n"
                   "GRANT EXECUTE ON FUNCTION homeostat.allowed(text, text),\n"
                   "  homeostat.batch_window(text), homeostat.admit(text, boolean, text),\n"
                   "  homeostat.route(regclass, text), homeostat.route_shard(bigint, text),\n"
                   "  homeostat.route_all() TO PUBLIC;"});
  }
  if (missing.empty() && revert.empty()) {
    findings.ok("privileges", "the actuator may set levers and give them back");
  }
}

void judge_schema_version(const json& lease, const Config& config, Findings& findings) {
  const int version = lease.at("version").is_null() ? 0 : lease.at("version").get<int>();
  const int known = known_schema_version();
  if (version == known) {
    findings.ok("schema", "version " + std::to_string(version));
    return;
  }
  findings.fail(
      "schema",
      "the schema has version " + std::to_string(version) + ", this homeostat needs " +
          std::to_string(known),
      {"the daemon refuses to lead on another version",
       version > known ? "install the newer homeostat everywhere" : migrate_command(config)});
}

void judge_lease(const json& lease, const ServerFacts& facts, Findings& findings) {
  const auto pid = std::to_string(lease.at("lock_pid").get<int>());
  if (lease.at("foreign_lock").get<bool>()) {
    findings.fail("lease",
                  "the leader's lock is held by pid " + pid + " of role " +
                      lease.at("lock_role").get<std::string>() + ", which is not ours",
                  {"nobody can lead while it stands, and Homeostat ends no session of another role",
                   "find out who that is, then: SELECT pg_terminate_backend(" + pid + ");"});
  } else if (lease.at("led").get<bool>()) {
    findings.ok("lease", lease.at("holder").get<std::string>() + " leads (epoch " +
                             std::to_string(lease.at("epoch").get<std::int64_t>()) + ")");
  } else if (lease.at("lock_pid").get<int>() != 0) {
    findings.warn(
        "lease",
        "a session of " + facts.role + " (pid " + pid +
            ") holds the leader's lock without renewing the lease",
        {"the next instance ends that session and takes over", "homeostat status, where it runs"});
  } else {
    findings.ok("lease", "nobody leads yet");
  }
}

void judge_features(const json& known, const std::vector<FeatureConfig>& features, bool led,
                    Findings& findings) {
  std::string missing;
  for (const auto& feature : features) {
    if (known.value(feature.name, std::string{}) == feature.klass) continue;
    missing += (missing.empty() ? "" : ", ") + feature.name;
  }
  if (missing.empty()) {
    findings.ok("features", "all " + std::to_string(features.size()) +
                                " features of the inventory are registered");
  } else if (led) {
    findings.warn("features", "not registered as the inventory says: " + missing,
                  {"the lever refuses features that the database does not know in that class",
                   "reload the instance that leads (SIGHUP); homeostat status says what it lacks"});
  } else {
    findings.ok("features", "the first leader will register: " + missing);
  }
}

}  // namespace

void judge_same_server(const ServerFacts& monitor, const ServerFacts& actuator,
                       Findings& findings) {
  const auto identity = [](const ServerFacts& facts) {
    return "system " + facts.system_identifier + ", database " + facts.database + ", started " +
           facts.started + ", at " + facts.address;
  };
  if (monitor.system_identifier == actuator.system_identifier &&
      monitor.database == actuator.database && monitor.started == actuator.started) {
    findings.ok("same-server", "the server that is measured");
    return;
  }
  findings.fail("same-server",
                "monitor and actuator reach different servers: " + identity(monitor) + "; " +
                    identity(actuator),
                {"Homeostat would measure one and act on the other; it refuses to",
                 "give one host that leads to one server: no name with several addresses, no load "
                 "balancer"});
}

void judge_primary(const ServerFacts& facts, Findings& findings) {
  if (!facts.in_recovery) {
    findings.ok("primary", "the server takes writes");
    return;
  }
  findings.fail("primary", "the server is a standby",
                {"the ledger is written on the primary only", "name the primary as ledger's node"});
}

void judge_commit(const ServerFacts& facts, Findings& findings) {
  const auto& standbys = facts.synchronous_standby_names;
  const auto found = "synchronous_commit is " + facts.synchronous_commit +
                     (standbys.empty() ? ", no synchronous standby" : ", waiting for " + standbys);
  const bool waits = facts.synchronous_commit != "local" && facts.synchronous_commit != "off";
  if (!waits || standbys.empty()) {
    findings.ok("commit", waits ? found : "control sessions wait for no standby");
    return;
  }
  findings.fail("commit", found,
                {"a dead standby would hold every act, also giving back, past all deadlines",
                 "ALTER ROLE " + facts.role + " SET synchronous_commit = 'local';"});
}

asio::awaitable<void> check_schema(pg::Session& session, const ServerFacts& facts,
                                   const Config& config, Duration deadline, Findings& findings) {
  const auto unreadable = [&findings](std::string check, const Error& error) {
    findings.fail(std::move(check), error.context,
                  {"this could not be checked", "homeostat doctor, when the grants are there"});
  };
  const auto schema = co_await json_row(session, sql::doctor_schema, deadline);
  if (!schema.has_value()) {
    unreadable("schema", schema.error());
    co_return;
  }
  if (!judge_schema(*schema, facts, config, findings)) co_return;
  judge_privileges(*schema, facts, findings);
  const auto lease = co_await json_row(session, sql::doctor_lease, deadline);
  if (!lease.has_value()) {
    unreadable("lease", lease.error());
    co_return;
  }
  judge_schema_version(*lease, config, findings);
  judge_lease(*lease, facts, findings);
  const auto known = co_await json_row(session, sql::doctor_features, deadline);
  if (!known.has_value()) {
    unreadable("features", known.error());
    co_return;
  }
  judge_features(*known, config.features, lease->at("led").get<bool>(), findings);
  co_await check_managed_roles(session, facts, config, deadline, findings);
}

}  // namespace homeostat::doctor
