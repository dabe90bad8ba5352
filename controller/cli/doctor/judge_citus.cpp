// SPDX-License-Identifier: Apache-2.0
// What is made of the answers: check_citus.hpp declares it.
#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>

#include "controller/cli/doctor/check_citus.hpp"
#include "controller/cli/shard_room.hpp"
#include "controller/cli/text/quantity.hpp"

namespace homeostat::doctor {
namespace {

using nlohmann::json;

constexpr int kTestedCitus = 13;
constexpr int kSpareWorkers = 3;  // its executor, its apply worker and one more

std::string joined(const json& list) {
  std::string text;
  for (const auto& one : list) text += (text.empty() ? "" : ", ") + one.get<std::string>();
  return text;
}

void judge_spare(const json& its, const std::string& setting, const char* most, const char* used,
                 int spare, Findings& findings) {
  const int limit = its.at(most).get<int>();
  const int now = its.at(used).get<int>();
  const auto found =
      std::to_string(now) + " of " + setting + " = " + std::to_string(limit) + " used";
  if (limit - now >= spare) {
    findings.ok("citus-room", found);
    return;
  }
  findings.warn("citus-room", found,
                {"a move of shards needs " + std::to_string(spare) +
                     " more at a time; without them it is tried again and again, and fails",
                 "ALTER SYSTEM SET " + setting + " = " + std::to_string(now + 2 * spare + 4) +
                     "; and restart the server when it suits"});
}

void judge_disk(const json& its, double kept, Findings& findings) {
  if (!its.at("disk").is_number() || !its.at("disk_free").is_number()) return;  // not known
  const auto all = its.at("disk").get<double>();
  const auto free = its.at("disk_free").get<double>();
  const auto found = text::bytes(free) + " of " + text::bytes(all) + " free";
  if (free >= kept / 100 * all) {
    findings.ok("citus-disk", found);
    return;
  }
  findings.warn("citus-disk", found,
                {"Citus moves no shard to a node that would keep less than " + text::number(kept) +
                     " % of its disk (citus.desired_percent_disk_available_after_move), and for a "
                     "while after a move its old copy needs space, too",
                 "make room: a larger disk, or old partitions dropped"});
}

}  // namespace

bool judge_coordinator(const std::string& node, const json& met, const json& its,
                       Findings& findings) {
  const std::string why = "all signals of shards are absent";
  if (met.at("version").is_null()) {
    findings.fail("coordinator", "Citus is not in this database of node " + node,
                  {why, "correct postgres.citus.coordinator, or the node's dbname"});
  } else if (met.at("standby").get<bool>()) {
    findings.fail("coordinator", node + " is a standby",
                  {why, "name the primary of the coordinator in postgres.nodes"});
  } else if (its.is_null()) {
    findings.fail("version", "Citus " + met.at("version").get<std::string>() + " is older than 11",
                  {why + ": sessions do not see shards there", "update Citus; 13 is tested"});
  } else if (!its.at("coordinator").get<bool>()) {
    findings.fail("coordinator", node + " is not the coordinator of Citus, but a worker",
                  {why,
                   "name the coordinator in postgres.citus.coordinator; on the worker: SELECT "
                   "nodename, nodeport FROM pg_dist_node WHERE groupid = 0;"});
  } else {
    findings.ok("coordinator", node + " is the coordinator");
    return true;
  }
  return false;
}

void judge_citus_version(const std::string& version, Findings& findings) {
  const int major = std::atoi(version.c_str());
  if (major == kTestedCitus) {
    findings.ok("version", "Citus " + version);
    return;
  }
  findings.warn("version",
                "Citus " + version + (major < kTestedCitus ? ", older" : ", newer") + " than 13",
                {"Homeostat is tested with 13: catalogs of another one may mean something else",
                 major < kTestedCitus ? "update Citus; until then stay in mode shadow"
                                      : "stay in mode shadow until a Homeostat knows it"});
}

void judge_members_of_citus(const json& cluster, const std::multimap<int, std::string>& groups,
                            const std::vector<std::string>& silent, Findings& findings) {
  bool whole = true;
  for (const auto& node : cluster.at("nodes")) {
    const auto place = node.at("place").get<std::string>();
    if (!node.at("ready").get<bool>()) {
      findings.warn("nodes", "node " + place + " is not active",
                    {"no shard is moved while a node is not: changes of the cluster would fail",
                     "SELECT citus_activate_node(nodename, nodeport) FROM pg_dist_node WHERE NOT "
                     "isactive;"});
    }
    if (groups.contains(node.at("groupid").get<int>())) continue;
    whole = false;
    const bool may_be_silent = !silent.empty();
    findings.fail(
        "nodes",
        "no node of postgres.nodes is " + place +
            (may_be_silent ? ", unless it is one that does not answer: " + joined(json(silent))
                           : ""),
        {"a cluster of which a part is not seen is not measured at all: its signals are absent",
         "add it to postgres.nodes, and let homeostat_monitor in there (pg_hba.conf): the role "
         "itself comes from the coordinator, where homeostat grants --monitor is run"});
  }
  for (auto at = groups.begin(); at != groups.end(); at = groups.upper_bound(at->first)) {
    if (groups.count(at->first) == 1) continue;
    findings.fail("nodes",
                  at->second + " and " + std::next(at)->second + " are the same node of Citus",
                  {"its shards would be counted twice", "give each node once in postgres.nodes"});
    whole = false;
  }
  if (whole) {
    findings.ok("nodes", "all " + std::to_string(cluster.at("nodes").size()) +
                             " nodes of the cluster are in postgres.nodes");
  }
}

void judge_identities(const json& cluster, Findings& findings) {
  const auto& tables = cluster.at("without_identity");
  if (tables.empty()) {
    findings.ok("identity", "every distributed table has a primary key or a replica identity");
    return;
  }
  const auto first = tables.front().get<std::string>();
  findings.warn("identity",
                "no primary key and no replica identity: " + joined(tables) +
                    (tables.size() == 5 ? " …" : ""),
                {"UPDATE and DELETE of such a table would fail while its shards are moved: no "
                 "shard of the cluster is moved",
                 "ALTER TABLE " + first + " ADD PRIMARY KEY (…); or ALTER TABLE " + first +
                     " REPLICA IDENTITY FULL;"});
}

void judge_citus_grants(const json& cluster, Findings& findings) {
  const std::string again =
      "homeostat grants --citus OWNER_OF_THE_TABLES | psql -X -v ON_ERROR_STOP=1, on the "
      "coordinator as a superuser, after homeostat migrate";
  const std::string why = "shards are measured, and the lever rebalance, or split, is refused";
  if (cluster.at("owner").is_null()) {
    findings.warn("grants", "what moves shards is not there", {why, again});
    return;
  }
  const auto owner = cluster.at("owner").get<std::string>();
  bool good = true;
  const auto bad = [&](const std::string& found, const std::string& mend) {
    good = false;
    findings.warn("grants", found, {why, mend});
  };
  if (cluster.at("owner_is_superuser").get<bool>()) {
    bad("homeostat_citus.start() belongs to a superuser, " + owner, again);
  } else if (!cluster.at("owner_logs_in").get<bool>()) {
    bad("role " + owner + " may not log in, and every move would fail",
        "ALTER ROLE \"" + owner + "\" LOGIN; and let it in between the nodes (pg_hba.conf)");
  }
  if (const auto& tables = cluster.at("others_tables"); !tables.empty()) {
    bad("shards are moved by " + owner + ", and it does not own " + joined(tables),
        "GRANT THAT_ROLE TO \"" + owner + "\"; or ALTER TABLE … OWNER TO \"" + owner + "\";");
  }
  if (const auto& missing = cluster.at("wrappers_missing"); !missing.empty()) {
    bad("homeostat_owner may not call of homeostat_citus: " + joined(missing), again);
  }
  if (!cluster.at("has_strategy").get<bool>()) {
    bad("the strategy of rebalancing `homeostat` is missing", again);
  }
  if (good) findings.ok("grants", "shards are moved as " + owner);
}

double disk_kept(const json& cluster) {
  const auto& kept = cluster.at("disk_kept");
  return kept.is_number() ? kept.get<double>() : 10;  // Citus' own default
}

void judge_moves(const json& its, const json& cluster, Findings& findings) {
  const bool moving = cluster.at("moving").get<bool>();
  const auto level = its.at("wal_level").get<std::string>();
  if (level == "logical") {
    findings.ok("citus-wal", "wal_level is logical");
  } else {
    findings.warn("citus-wal", "wal_level is " + level,
                  {"a move off this node would block writes to its shards: it is refused",
                   "ALTER SYSTEM SET wal_level = logical; and restart the server when it suits"});
  }
  judge_spare(its, "max_replication_slots", "max_slots", "slots", kSpareSlots, findings);
  judge_spare(its, "max_wal_senders", "max_senders", "senders", kSpareSlots, findings);
  judge_spare(its, "max_worker_processes", "max_workers", "workers", kSpareWorkers, findings);
  if (its.at("max_logical").get<int>() < kSpareSlots) {
    findings.warn("citus-room",
                  "max_logical_replication_workers is " + its.at("max_logical").dump(),
                  {"no move to this node can catch up",
                   "ALTER SYSTEM SET max_logical_replication_workers = 4; and restart the server "
                   "when it suits"});
  }
  if (const auto& left = its.at("left_slots"); !left.empty() && !moving) {
    const auto slot = left.front().get<std::string>();
    findings.warn(
        "citus-slots",
        "slots of a move that nobody reads: " + joined(left) + " (" +
            text::bytes(its.at("held_bytes").is_null() ? 0 : its.at("held_bytes").get<double>()) +
            " of WAL held back)",
        {"the server keeps all WAL from there on, until its disk is full",
         "if no move is under way (SELECT * FROM pg_dist_cleanup; on the coordinator, "
         "twice): SELECT pg_drop_replication_slot('" +
             slot + "');"});
  }
  judge_disk(its, disk_kept(cluster), findings);
  if (const auto& plugins = its.at("plugins"); !plugins.is_null()) {
    const auto list = plugins.get<std::string>();
    if (list.find("citus") == std::string::npos) {
      findings.warn("citus-plugins", "output_plugin_libraries is " + list + ", without citus",
                    {"shards are moved all the same, but splitting one or isolating a tenant "
                     "without blocking writes fails",
                     "ALTER SYSTEM SET output_plugin_libraries = 'pgoutput', 'test_decoding', "
                     "'citus'; SELECT pg_reload_conf();"});
    }
  }
  if (its.at("conninfo").is_null()) return;
  const auto conninfo = its.at("conninfo").get<std::string>();
  if (conninfo.find("tcp_user_timeout") != std::string::npos) {
    findings.ok("citus-conninfo", "citus.node_conninfo gives up on a lost network");
    return;
  }
  const auto kept = conninfo.empty() ? std::string("sslmode=require") : conninfo;
  findings.warn("citus-conninfo", "citus.node_conninfo has no tcp_user_timeout",
                {"where packets are lost, a session of another node's waits beyond its "
                 "statement_timeout",
                 "ALTER SYSTEM SET citus.node_conninfo = '" + kept +
                     " keepalives_idle=10 keepalives_interval=5 keepalives_count=3 "
                     "tcp_user_timeout=4000'; SELECT pg_reload_conf();"});
}

}  // namespace homeostat::doctor
