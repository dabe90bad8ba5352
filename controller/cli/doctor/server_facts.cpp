// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/server_facts.hpp"

#include <nlohmann/json.hpp>

#include "controller/cli/doctor/json_row.hpp"
#include "controller/loop/system_clock.hpp"
#include "sql/embedded.hpp"

namespace homeostat::doctor {
namespace {

double seconds_now() { return to_seconds(SystemClock().wall().time_since_epoch()); }

void take(const nlohmann::json& row, const char* name, std::string& value) {
  value = row.value(name, std::string{});
}
void take(const nlohmann::json& row, const char* name, bool& value) {
  value = row.value(name, false);
}
void take(const nlohmann::json& row, const char* name, int& value) { value = row.value(name, 0); }

ServerFacts facts_of(const nlohmann::json& row) {
  ServerFacts facts;
  take(row, "system_identifier", facts.system_identifier);
  take(row, "database", facts.database);
  take(row, "cluster_name", facts.cluster_name);
  take(row, "address", facts.address);
  take(row, "started", facts.started);
  facts.now = row.value("now", 0.0);
  take(row, "version_num", facts.version_num);
  take(row, "version", facts.version);
  take(row, "in_recovery", facts.in_recovery);
  take(row, "backend_pid", facts.backend_pid);
  take(row, "role", facts.role);
  facts.powers = row.value("powers", std::vector<std::string>{});
  take(row, "reads_statistics", facts.reads_statistics);
  take(row, "statistics_member", facts.statistics_member);
  take(row, "inherits", facts.inherits);
  take(row, "uses_reserved", facts.uses_reserved);
  take(row, "track_activities", facts.track_activities);
  take(row, "track_counts", facts.track_counts);
  take(row, "client_check_ms", facts.client_check_ms);
  take(row, "synchronous_commit", facts.synchronous_commit);
  take(row, "synchronous_standby_names", facts.synchronous_standby_names);
  take(row, "max_connections", facts.max_connections);
  take(row, "superuser_reserved", facts.superuser_reserved);
  take(row, "reserved", facts.reserved);
  take(row, "connections", facts.connections);
  return facts;
}

}  // namespace

double seconds_ahead(double server, double before, double after) {
  if (server > after) return server - after;
  if (server < before) return server - before;
  return 0;
}

boost::asio::awaitable<Result<ServerFacts>> ask_server(pg::Session& session, Duration deadline) {
  const double before = seconds_now();
  const auto row = co_await json_row(session, sql::doctor_session, deadline);
  const double after = seconds_now();
  if (!row.has_value()) co_return row.error();
  ServerFacts facts = facts_of(*row);
  facts.clock_ahead = seconds_ahead(facts.now, before, after);
  co_return facts;
}

}  // namespace homeostat::doctor
