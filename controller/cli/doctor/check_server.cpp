// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_server.hpp"

#include <cmath>
#include <string>

#include "controller/cli/text/quantity.hpp"

namespace homeostat::doctor {
namespace {

constexpr int kOldest = 15;
constexpr int kNewest = 18;
constexpr int kReservations = 16;    // first version with `reserved_connections`
constexpr int kInheritance = 16;     // first version in which each membership inherits, or does not
constexpr int kConnections = 3;      // what an instance may need at once on one server
constexpr double kClockSeconds = 5;  // beyond network and leap smearing

int major(const ServerFacts& facts) { return facts.version_num / 10000; }

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

}  // namespace

std::string grant_inherited(const ServerFacts& facts, const std::string& role,
                            const std::string& member, bool inherits) {
  const auto grant = "GRANT " + role + " TO " + member;
  if (major(facts) >= kInheritance) return grant + " WITH INHERIT TRUE;";
  return grant + ";" + (inherits ? "" : "\nALTER ROLE " + member + " INHERIT;");
}

void judge_version(const ServerFacts& facts, Findings& findings) {
  const auto found = "PostgreSQL " + facts.version;
  if (major(facts) >= kOldest && major(facts) <= kNewest) {
    findings.ok("version", found);
    return;
  }
  findings.warn("version", found,
                {"Homeostat is tested with " + std::to_string(kOldest) + " to " +
                     std::to_string(kNewest) + "; what it reads may mean something else there",
                 "stay in mode shadow on this server"});
}

void judge_identity(const ServerFacts& facts, Findings& findings) {
  const auto name = facts.cluster_name.empty() ? std::string{"cluster_name not set"}
                                               : "cluster_name " + facts.cluster_name;
  const auto started = std::llround(std::stod(facts.started));
  findings.ok("identity", "system " + facts.system_identifier + ", database " + facts.database +
                              ", " + name + ", at " + facts.address + ", " +
                              (facts.in_recovery ? "a standby" : "a primary") + ", started " +
                              text::utc(WallTime{std::chrono::seconds{started}}));
}

void judge_statistics(const ServerFacts& facts, Findings& findings) {
  if (!facts.reads_statistics) {
    findings.fail("statistics",
                  facts.role + " cannot see other sessions" +
                      (facts.statistics_member
                           ? ": it is a member of pg_read_all_stats, and inherits nothing from it"
                           : ""),
                  {"PostgreSQL answers 0 of 0 instead of an error: every sample would be absent",
                   grant_inherited(facts, "pg_monitor", facts.role, facts.inherits)});
    return;
  }
  if (!facts.track_activities) {
    findings.fail("statistics", "track_activities is off",
                  {"the server does not record who waits: every sample would be absent",
                   "ALTER SYSTEM SET track_activities = on; SELECT pg_reload_conf();"});
    return;
  }
  if (!facts.track_counts) {
    findings.warn("statistics", "track_counts is off",
                  {"pg_deadlocks_total and pg_recovery_conflicts_total stand still, and autovacuum "
                   "does not run",
                   "ALTER SYSTEM SET track_counts = on; SELECT pg_reload_conf();"});
    return;
  }
  findings.ok("statistics", facts.role + " sees every session");
}

void judge_powers(const ServerFacts& facts, Findings& findings) {
  if (facts.powers.empty()) {
    findings.ok("role", facts.role + " may do no more than it needs");
    return;
  }
  std::string mend;
  for (const auto& power : facts.powers) {
    if (!mend.empty()) mend += "\n";
    if (power == "superuser") {
      mend += "ALTER ROLE " + facts.role +
              " NOSUPERUSER; and REVOKE the superuser roles that it "
              "is a member of";
    } else if (power.starts_with("pg_")) {
      mend += "REVOKE " + power + " FROM " + facts.role + ";";
    } else {
      mend += "ALTER ROLE " + facts.role + " NO" + power + ";";
    }
  }
  findings.fail("role", facts.role + " may do too much: " + listed(facts.powers),
                {"a mistake or a stolen password would reach the whole server; such a role is "
                 "refused as actuator",
                 mend});
}

void judge_headroom(const ServerFacts& facts, Findings& findings) {
  const int open =
      facts.max_connections - facts.superuser_reserved - facts.reserved - facts.connections;
  const auto used = std::to_string(facts.connections) + " of " +
                    std::to_string(facts.max_connections) + " connections in use, " +
                    std::to_string(facts.superuser_reserved + facts.reserved) + " reserved";
  const bool reserved = facts.uses_reserved && facts.reserved > 0;
  if (open < kConnections && !reserved) {
    findings.warn("connections", used,
                  {"sessions that are open stay, but after a break of the network Homeostat could "
                   "not come back to measure or to give back",
                   "raise max_connections, or put the applications behind a pooler"});
  } else if (major(facts) >= kReservations && !facts.uses_reserved) {
    findings.warn(
        "connections", used + "; " + facts.role + " may not use the reserved ones",
        {"when the others are used up, Homeostat could not come back",
         grant_inherited(facts, "pg_use_reserved_connections", facts.role, facts.inherits)});
  } else if (major(facts) >= kReservations && facts.reserved == 0) {
    findings.warn("connections", used + "; reserved_connections is 0",
                  {"when the others are used up, Homeostat could not come back",
                   "ALTER SYSTEM SET reserved_connections = 5; and restart the server when it "
                   "suits"});
  } else {
    findings.ok("connections", used);
  }
}

void judge_abandoned(const ServerFacts& facts, Findings& findings) {
  if (facts.client_check_ms > 0) {
    findings.ok("abandoned", "client_connection_check_interval is " +
                                 text::seconds(facts.client_check_ms / 1e3));
    return;
  }
  findings.warn("abandoned", "client_connection_check_interval is 0",
                {"in a storm a client gives up and comes again, while what it left waits on, keeps "
                 "its locks and its place, and does its work for nobody",
                 "ALTER SYSTEM SET client_connection_check_interval = '2s'; SELECT "
                 "pg_reload_conf();"});
}

void judge_clock(const ServerFacts& facts, Findings& findings) {
  const double off = std::abs(facts.clock_ahead);
  if (off <= kClockSeconds) {
    findings.ok("clock", "within " + text::seconds(kClockSeconds) + " of this machine's");
    return;
  }
  findings.warn("clock",
                "the server's clock is " + text::seconds(off) +
                    (facts.clock_ahead > 0 ? " ahead of" : " behind") + " this machine's",
                {"history, alerts and the server's log cannot be matched; expiries are safe, they "
                 "run on the server's own clock",
                 "run an NTP client on both: timedatectl set-ntp true"});
}

}  // namespace homeostat::doctor
