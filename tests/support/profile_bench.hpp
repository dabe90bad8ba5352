// SPDX-License-Identifier: Apache-2.0
// A server with the homeostat schema and two managed roles, and an instance's planner lever.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "actuators/planner_profile.hpp"
#include "tests/support/ledger_bench.hpp"

namespace homeostat::testing {

/// `reporting` and `bulk` are managed; `critical` is not.
class ProfileCluster : public LedgerCluster {
 public:
  ProfileCluster() {
    for (const auto* role : {"reporting", "bulk", "critical"}) create_role(role);
    sql(planner_roles_script({"reporting", "bulk"}));
  }

  /// What is set on a role in database `postgres`: `jit=off,lock_timeout=2s`; empty for nothing.
  std::string settings_of(const std::string& role) const {
    return sql(
        "SELECT array_to_string(ARRAY(SELECT unnest(setconfig) ORDER BY 1), ',')"
        " FROM pg_db_role_setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = '" +
        role + "') AND setdatabase = (SELECT oid FROM pg_database WHERE datname = 'postgres')");
  }
  /// As a DBA: ALTER ROLE … IN DATABASE postgres.
  void alter(const std::string& role, const std::string& how) const {
    sql("ALTER ROLE " + role + " IN DATABASE postgres " + how);
  }
};

/// An instance with the profiles `contention` and `other` in its inventory.
struct ProfileInstance : Instance {
  explicit ProfileInstance(const PostgresCluster& cluster, const std::string& name = "one")
      : Instance{cluster, name}, profile{session, clock, kPatient} {
    ledger.set_inventory({}, {{"contention", {"reporting", "bulk"}, {{"jit", "off"}}},
                              {"other", {"bulk"}, {{"lock_timeout", "1s"}}}});
  }

  /// The next change of `profile/contention` under our epoch, to these `role/setting` -> text.
  Change change_to(std::map<std::string, Argument> settings,
                   const std::string& target = "profile/contention") {
    auto made = change(ChangeKind::apply, target);
    made.desired.key.lever = "planner_profile";
    made.desired.policy = "lock-contention";
    made.desired.value.arguments = std::move(settings);
    return made;
  }
  Result<ChangeResult> do_change(Change change) {
    return run_coroutine(io, profile.apply(std::move(change)));
  }
  /// Outcome and detail: `applied: `, `refused: why`, `error: why`.
  std::string told(Change change) {
    const auto result = do_change(std::move(change));
    if (!result.has_value()) return "error: " + result.error().context;
    return std::string{to_text(result->outcome)} + ": " + result->detail;
  }
  std::string set_to(std::map<std::string, Argument> settings,
                     const std::string& target = "profile/contention") {
    return told(change_to(std::move(settings), target));
  }
  std::string renew_profile() {
    auto made = change_to({});
    made.kind = ChangeKind::renew;
    return told(std::move(made));
  }
  std::string revert_profile() {
    auto made = change_to({});
    made.kind = ChangeKind::revert;
    return told(std::move(made));
  }
  Result<LeverValue> standing(std::string target = "profile/contention") {
    return run_coroutine(io, profile.read(std::move(target)));
  }

  PlannerProfileLever profile;
};

}  // namespace homeostat::testing
