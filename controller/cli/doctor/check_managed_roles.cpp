// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_managed_roles.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sql/embedded.hpp"

namespace homeostat::doctor {
namespace {

/// What one lever manages, as the inventory declares it.
struct Managed {
  std::string check;                                      ///< `profiles`
  std::string entry;                                      ///< what one is called: `profile`
  std::map<std::string, std::vector<std::string>> roles;  ///< by the entry's name
  std::string_view statement;                             ///< the roles that cannot be managed
  std::string why;                                        ///< it matters
};

template <class Entry>
std::map<std::string, std::vector<std::string>> roles_by_name(const std::vector<Entry>& entries) {
  std::map<std::string, std::vector<std::string>> all;
  for (const auto& entry : entries) all[entry.name] = entry.roles;
  return all;
}

/// A role that does not exist or has no wrapper is given one; any other is a choice of the DBA's.
Advice advice_for(const std::string& problem, const Managed& managed, const ServerFacts& facts,
                  const Config& config) {
  Advice advice;
  advice.why = managed.why;
  if (problem.find("wrapper") != std::string::npos) {
    advice.mend = "homeostat grants --actuator --config " + config.path +
                  " | psql -X -v ON_ERROR_STOP=1 -d " + facts.database;
  } else if (problem.find("GRANT") != std::string::npos) {
    advice.mend = "GRANT what is missing, as a superuser";
  } else {
    advice.mend = "take the role out of the " + managed.entry + " in " + config.path;
  }
  return advice;
}

boost::asio::awaitable<void> check(pg::Session& session, Managed managed, const ServerFacts& facts,
                                   const Config& config, Duration deadline, Findings& findings) {
  std::set<std::string> names;
  for (const auto& [name, roles] : managed.roles) names.insert(roles.begin(), roles.end());
  if (names.empty()) co_return;
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(nlohmann::json(names).dump());
  std::string statement{managed.statement};
  const auto table = co_await session.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) {
    findings.fail(managed.check, table.error().context,
                  {"this could not be checked", "homeostat doctor, when the grants are there"});
    co_return;
  }
  std::map<std::string, std::string> problems;
  for (int row = 0; row < table->rows(); ++row) {
    problems.emplace(table->text(row, 0).value_or(""), table->text(row, 1).value_or(""));
  }
  for (const auto& [name, roles] : managed.roles) {
    const auto entry = managed.entry + " " + name + ": ";
    bool sound = true;
    for (const auto& role : roles) {
      const auto found = problems.find(role);
      if (found == problems.end()) continue;
      sound = false;
      findings.fail(managed.check, entry + found->second,
                    advice_for(found->second, managed, facts, config));
    }
    if (sound) {
      findings.ok(managed.check,
                  entry + "its " + std::to_string(roles.size()) + " roles can be managed");
    }
  }
}

}  // namespace

boost::asio::awaitable<void> check_managed_roles(pg::Session& session, const ServerFacts& facts,
                                                 const Config& config, Duration deadline,
                                                 Findings& findings) {
  Managed profiles;
  profiles.check = "profiles";
  profiles.entry = "profile";
  profiles.roles = roles_by_name(config.profiles);
  profiles.statement = sql::doctor_profiles;
  profiles.why = "the lever refuses the whole profile: what could not be given back is not set";
  co_await check(session, std::move(profiles), facts, config, deadline, findings);
  Managed sessions;
  sessions.check = "sessions";
  sessions.entry = "sessions";
  sessions.roles = roles_by_name(config.sessions);
  sessions.statement = sql::doctor_sessions;
  sessions.why = "the lever refuses all of them: nobody's session is ended";
  co_await check(session, std::move(sessions), facts, config, deadline, findings);
}

}  // namespace homeostat::doctor
