// SPDX-License-Identifier: Apache-2.0
#include "tests/actuators/rebalance_site.hpp"

#include <sstream>
#include <utility>

#include "tests/support/eventually.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kTables = R"(
  SET ROLE melodyud_owner;
  SET citus.shard_count = 4;
  CREATE TABLE listener (user_id bigint PRIMARY KEY, note text);
  CREATE TABLE playlist (user_id bigint, id bigint, note text, PRIMARY KEY (user_id, id));
  CREATE TABLE creator (creator_id bigint PRIMARY KEY, note text);
  SELECT create_distributed_table('listener', 'user_id');
  SELECT create_distributed_table('playlist', 'user_id', colocate_with => 'listener');
  SELECT create_distributed_table('creator', 'creator_id', colocate_with => 'none');
  INSERT INTO listener SELECT g, repeat('x', 100) FROM generate_series(1, 2000) AS g;
  INSERT INTO playlist SELECT 1 + g % 50, g, 'y' FROM generate_series(1, 4000) AS g;
  INSERT INTO creator SELECT g, 'z' FROM generate_series(1, 500) AS g;
)";

}  // namespace

RebalanceSite::RebalanceSite() {
  // Committed on every node before anybody is connected to as it.
  sql("CREATE ROLE melodyud_owner LOGIN");
  sql("GRANT CREATE ON SCHEMA public TO melodyud_owner");
  sql(kTables);
  sql(grants());
  sql(migration_script());
  sql(citus_roles_script({"melodyud_owner"}));
}

std::vector<std::int64_t> RebalanceSite::shards(const std::string& table) {
  std::istringstream list{
      sql("SELECT string_agg(shardid::text, ' ' ORDER BY shardid) FROM "
          "pg_dist_shard WHERE logicalrelid = '" +
          table + "'::regclass")};
  std::vector<std::int64_t> ids;
  for (std::int64_t id = 0; list >> id;) ids.push_back(id);
  return ids;
}

int RebalanceSite::node_of(std::int64_t shard) {
  return std::stoi(
      sql("SELECT groupid FROM pg_dist_placement WHERE shardid = " + std::to_string(shard)));
}

std::string RebalanceSite::rows() {
  return sql(
      "SELECT concat_ws(' ', (SELECT count(*) FROM listener), (SELECT count(*) FROM playlist),"
      " (SELECT count(*) FROM creator))");
}

bool RebalanceSite::moving() {
  return sql("SELECT count(*) FROM pg_dist_background_task WHERE status = 'running'") != "0";
}

Rebalancer::Rebalancer(RebalanceSite& site, std::string name, Duration deadline)
    : instance{site.cluster().coordinator(), std::move(name)},
      lever{instance.io.get_executor(),
            instance.session,
            site.cluster().coordinator().address("homeostat_actuator"),
            [this](const LeverValue&) -> Result<ShardMoves> {
              if (no_plan) return *no_plan;
              return moves;
            },
            instance.clock,
            deadline} {
  instance.lead();
}

Change Rebalancer::change(ChangeKind kind) {
  auto made = instance.change(kind, "cluster");
  made.desired.key = {"rebalance", "cluster"};
  made.desired.value.arguments = {{"deviation", 0.1}, {"weight", std::string{"rows"}}};
  made.desired.policy = "shard-balance";
  return made;
}

ChangeResult Rebalancer::apply(Change made) {
  const auto result = run_coroutine(instance.io, lever.apply(std::move(made)));
  if (!result.has_value()) return {ChangeOutcome::unknown, "error: " + result.error().context};
  return *result;
}

Result<void> Rebalancer::step() {
  instance.clock.advance(std::chrono::seconds{40});
  return run_coroutine(instance.io, lever.after_step());
}

std::optional<JobProgress> Rebalancer::progress() {
  const auto jobs = lever.jobs();
  const auto found = jobs.find({"rebalance", "cluster"});
  return found == jobs.end() ? std::nullopt : std::optional(found->second);
}

bool Rebalancer::comes_to(JobPhase phase) {
  return eventually([&] {
    static_cast<void>(step());
    return progress() && progress()->phase == phase;
  });
}

}  // namespace homeostat::testing
