// SPDX-License-Identifier: Apache-2.0
// What doctor makes of what PgBouncer and Citus say of themselves, without either.
#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <tuple>

#include "controller/cli/doctor/check_citus.hpp"
#include "controller/cli/doctor/check_pgbouncer.hpp"

namespace homeostat::doctor {
namespace {

using Catch::Matchers::Contains;

TEST_CASE("a user who may only look, and a database with a size of its own, are told (H57)") {
  PoolerConfig process;
  process.user = "homeostat_actuator";
  process.database = "shop";
  PoolerFacts facts;
  facts.admin_users = "root , homeostat_actuator";
  facts.auth_type = "scram-sha-256";
  facts.pool_size = 20;
  facts.has_database = true;
  facts.database_pool_size = 20;
  const auto judged_pools = [&] {
    Findings findings("pgbouncer/front");
    judge_pools(process, "main", facts, findings);
    return findings.all();
  };
  CHECK(worst(judged_pools()) == Grade::ok);
  facts.database_pool_size = 50;
  CHECK(judged_pools().at(1).grade == Grade::warn);
  CHECK_THAT(judged_pools().at(1).found, Contains("pool_size of its own, 50"));
  facts.admin_users = "root,homeostat_actuator2";
  CHECK(judged_pools().at(0).grade == Grade::fail);
  CHECK_THAT(judged_pools().at(0).advice.mend,
             Contains("root,homeostat_actuator2, homeostat_actuator;"));
  facts.auth_type = "any";
  facts.shares_port = true;  // H57
  CHECK(judged_pools().at(1).check == "port");
  process.host = "/run/pgbouncer-1";
  CHECK(judged_pools().at(1).check == "pool");
  CHECK(judged_pools().at(0).grade == Grade::ok);
  facts.pool_size.reset();
  CHECK(worst(judged_pools()) == Grade::fail);
}

nlohmann::json sound_citus() {
  return {{"nodes",
           {{{"groupid", 0}, {"place", "c:5432"}, {"ready", true}, {"shards", false}},
            {{"groupid", 1}, {"place", "w:5432"}, {"ready", true}, {"shards", true}}}},
          {"moving", false},
          {"without_identity", nlohmann::json::array()},
          {"owner", "shop_owner"},
          {"owner_logs_in", true},
          {"owner_is_superuser", false},
          {"others_tables", nlohmann::json::array()},
          {"wrappers_missing", nlohmann::json::array()},
          {"has_strategy", true},
          {"disk_kept", nullptr}};
}

nlohmann::json sound_citus_node() {
  return {{"wal_level", "logical"},
          {"max_slots", 10},
          {"slots", 2},
          {"max_senders", 10},
          {"senders", 2},
          {"max_workers", 8},
          {"workers", 3},
          {"max_logical", 4},
          {"left_slots", nlohmann::json::array()},
          {"held_bytes", nullptr},
          {"disk", 1e12},
          {"disk_free", 5e11},
          {"plugins", nullptr},
          {"conninfo", "sslmode=require tcp_user_timeout=4000"}};
}

TEST_CASE("a cluster of Citus is judged by its version, its nodes, its tables and its grants") {
  const auto of_version = [](const char* version) {
    Findings findings("citus");
    judge_citus_version(version, findings);
    return findings.all().at(0);
  };
  CHECK(of_version("13.2-1").grade == Grade::ok);
  CHECK_THAT(of_version("12.1-1").found, Contains("older than 13"));
  CHECK_THAT(of_version("14.0-1").found, Contains("newer than 13"));

  auto cluster = sound_citus();
  const auto of_nodes = [&](const std::multimap<int, std::string>& groups) {
    Findings findings("citus");
    judge_members_of_citus(cluster, groups, {}, findings);
    return findings.all();
  };
  CHECK(worst(of_nodes({{0, "main"}, {1, "one"}})) == Grade::ok);
  CHECK_THAT(of_nodes({{0, "main"}}).at(0).found, Contains("w:5432"));
  CHECK_THAT(of_nodes({{0, "main"}}).at(0).advice.mend, Contains("comes from the coordinator"));
  CHECK_THAT(of_nodes({{0, "main"}, {1, "one"}, {1, "two"}}).at(0).found,
             Contains("one and two are the same node"));
  cluster["nodes"][1]["ready"] = false;
  CHECK(worst(of_nodes({{0, "main"}, {1, "one"}})) == Grade::warn);

  const auto of_grants = [&] {
    Findings findings("citus");
    judge_citus_grants(cluster, findings);
    return findings.all().at(0);
  };
  CHECK(of_grants().grade == Grade::ok);
  for (const auto& [key, value, found] :
       {std::tuple<const char*, nlohmann::json, const char*>{"owner", nullptr, "is not there"},
        {"owner_logs_in", false, "may not log in"},
        {"owner_is_superuser", true, "superuser"},
        {"others_tables", {"plays of bob"}, "plays of bob"},
        {"wrappers_missing", {"stop"}, "stop"},
        {"has_strategy", false, "strategy"}}) {
    cluster = sound_citus();
    cluster[key] = value;
    CHECK(of_grants().grade == Grade::warn);
    CHECK_THAT(of_grants().found, Contains(found));
  }
}

TEST_CASE("a node of Citus is judged by what a move needs, and by what one left behind") {
  auto its = sound_citus_node();
  auto cluster = sound_citus();
  const auto worst_of = [&](const std::string& check) {
    Findings findings("node/one");
    judge_moves(its, cluster, findings);
    auto grade = Grade::ok;
    for (const auto& one : findings.all()) {
      if (one.check == check) grade = std::max(grade, one.grade);
    }
    return grade;
  };
  for (const auto& [check, key, value] :
       {std::tuple<const char*, const char*, nlohmann::json>{"citus-wal", "wal_level", "replica"},
        {"citus-room", "max_slots", 3},
        {"citus-room", "max_senders", 3},
        {"citus-room", "max_workers", 5},
        {"citus-room", "max_logical", 0},
        {"citus-slots", "left_slots", {"citus_shard_move_slot_1_2_10_5"}},
        {"citus-disk", "disk_free", 9e10},
        {"citus-plugins", "plugins", "pgoutput, test_decoding"},
        {"citus-conninfo", "conninfo", "sslmode=require"}}) {
    INFO(check << " " << key);
    its = sound_citus_node();
    CHECK(worst_of(check) == Grade::ok);
    its[key] = value;
    CHECK(worst_of(check) == Grade::warn);
  }
  its["left_slots"] = {"citus_shard_move_slot_1_2_10_5"};
  cluster["moving"] = true;
  CHECK(worst_of("citus-slots") == Grade::ok);
  // What is to be left of a disk is the cluster's to say, and a tenth where it does not.
  for (const auto& [kept, free, grade] :
       {std::tuple<nlohmann::json, double, Grade>{nullptr, 1.1e11, Grade::ok},
        {nullptr, 9e10, Grade::warn},
        {20.0, 1.9e11, Grade::warn},
        {5.0, 6e10, Grade::ok},
        {0.0, 0.0, Grade::ok}}) {
    INFO(kept << " " << free);
    cluster["disk_kept"] = kept;
    its["disk_free"] = free;
    CHECK(worst_of("citus-disk") == grade);
  }
}

}  // namespace
}  // namespace homeostat::doctor
