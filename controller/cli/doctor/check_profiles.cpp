// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_profiles.hpp"

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sql/embedded.hpp"

namespace homeostat::doctor {
namespace {

/// A role that does not exist or has no wrapper is given one; any other is a choice of the DBA's.
Advice advice_for(const std::string& problem, const ServerFacts& facts, const Config& config) {
  Advice advice;
  advice.why = "the lever refuses the whole profile: what could not be given back is not set";
  if (problem.find("wrapper") != std::string::npos) {
    advice.mend = "homeostat grants --actuator --config " + config.path +
                  " | psql -X -v ON_ERROR_STOP=1 -d " + facts.database;
  } else if (problem.find("GRANT") != std::string::npos) {
    advice.mend = "GRANT what is missing, as a superuser";
  } else {
    advice.mend = "take the role out of the profile in " + config.path;
  }
  return advice;
}

}  // namespace

boost::asio::awaitable<void> check_profiles(pg::Session& session, const ServerFacts& facts,
                                            const Config& config, Duration deadline,
                                            Findings& findings) {
  std::set<std::string> roles;
  for (const auto& profile : config.profiles) {
    roles.insert(profile.roles.begin(), profile.roles.end());
  }
  if (roles.empty()) co_return;
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(nlohmann::json(roles).dump());
  std::string statement{sql::doctor_profiles};
  const auto table = co_await session.query(std::move(statement), std::move(parameters), deadline);
  if (!table.has_value()) {
    findings.fail("profiles", table.error().context,
                  {"this could not be checked", "homeostat doctor, when the grants are there"});
    co_return;
  }
  std::map<std::string, std::string> problems;
  for (int row = 0; row < table->rows(); ++row) {
    problems.emplace(table->text(row, 0).value_or(""), table->text(row, 1).value_or(""));
  }
  for (const auto& profile : config.profiles) {
    bool sound = true;
    for (const auto& role : profile.roles) {
      const auto found = problems.find(role);
      if (found == problems.end()) continue;
      sound = false;
      findings.fail("profiles", "profile " + profile.name + ": " + found->second,
                    advice_for(found->second, facts, config));
    }
    if (sound) {
      findings.ok("profiles", "profile " + profile.name + ": its " +
                                  std::to_string(profile.roles.size()) + " roles can be managed");
    }
  }
}

}  // namespace homeostat::doctor
