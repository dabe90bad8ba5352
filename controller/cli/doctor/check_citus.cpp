// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_citus.hpp"

#include <cstdlib>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "controller/cli/doctor/json_row.hpp"
#include "controller/cli/wiring.hpp"
#include "sql/embedded.hpp"

namespace homeostat::doctor {
namespace asio = boost::asio;
namespace {

using nlohmann::json;

constexpr int kOldestCitus = 11;  // direct sessions see shards by an option of this version

struct CitusAnswer {
  std::string node;
  json met;  // doctor_citus.sql
  json its;  // doctor_citus_node.sql; null: it has no Citus, or one that is too old
};

std::string version_of(const json& met) {
  const auto& version = met.at("version");
  return version.is_null() ? std::string() : version.get<std::string>();
}

// Nothing when it does not answer, which the node's own findings tell.
asio::awaitable<std::optional<CitusAnswer>> ask_node(pg::Session& session, std::string node,
                                                     Duration deadline) {
  std::optional<CitusAnswer> answer;
  const auto opened = co_await session.connect(deadline);
  if (!opened.has_value()) co_return answer;
  auto met = co_await json_row(session, sql::doctor_citus, deadline);
  if (!met.has_value()) co_return answer;
  CitusAnswer asked{std::move(node), std::move(*met), nullptr};
  const bool standby = asked.met.at("standby").get<bool>();
  if (std::atoi(version_of(asked.met).c_str()) >= kOldestCitus && !standby) {
    auto its = co_await json_row(session, sql::doctor_citus_node, deadline);
    if (!its.has_value()) co_return answer;
    asked.its = std::move(*its);
  }
  answer = std::move(asked);
  co_return answer;
}

void judge_cluster(const json& cluster, const std::multimap<int, std::string>& groups,
                   const std::vector<std::string>& silent, Findings& findings) {
  judge_members_of_citus(cluster, groups, silent, findings);
  judge_identities(cluster, findings);
  judge_citus_grants(cluster, findings);
  const auto leftovers = cluster.at("leftovers").get<std::int64_t>();
  if (leftovers == 0 || cluster.at("moving").get<bool>()) return;
  findings.warn("leftovers",
                std::to_string(leftovers) + " things of earlier moves are still to be cleaned up",
                {"a slot among them holds back WAL, a shard costs space; they go by themselves "
                 "within half a minute, unless their node cannot be reached",
                 "SELECT * FROM pg_dist_cleanup; and again in a minute"});
}

}  // namespace

asio::awaitable<std::vector<Finding>> check_citus(asio::any_io_executor executor, Config config,
                                                  Duration deadline) {
  Findings findings("citus");
  std::vector<Finding> all;
  pg::SessionSettings settings;
  settings.read_only = true;
  std::optional<json> cluster;
  std::string version;
  std::multimap<int, std::string> groups;
  std::vector<std::string> silent;
  std::vector<CitusAnswer> answers;
  for (const auto& node : config.nodes) {
    auto address = address_of(config, node.name, node.user, node.password_file);
    address.application_name = "homeostat doctor";
    pg::Session session(executor, address, settings);
    auto answer = co_await ask_node(session, node.name, deadline);
    if (!answer) {
      silent.push_back(node.name);
      continue;
    }
    if (node.name == config.citus->coordinator) {
      version = version_of(answer->met);
      if (!judge_coordinator(node.name, answer->met, answer->its, findings)) {
        co_return findings.all();
      }
      auto told = co_await json_row(session, sql::doctor_citus_cluster, deadline);
      if (!told.has_value()) {
        findings.fail("coordinator", told.error().context,
                      {"nothing else of the cluster was looked at",
                       "homeostat grants --monitor, and homeostat doctor again"});
        co_return findings.all();
      }
      cluster = std::move(*told);
    }
    if (answer->its.is_object()) groups.emplace(answer->its.at("groupid").get<int>(), node.name);
    answers.push_back(std::move(*answer));
  }
  if (!cluster) {
    findings.fail("coordinator", config.citus->coordinator + " does not answer",
                  {"without it no shard is measured, and nothing else was looked at",
                   "see the findings about node/" + config.citus->coordinator});
    co_return findings.all();
  }
  judge_citus_version(version, findings);
  judge_cluster(*cluster, groups, silent, findings);
  all = std::move(findings.all());
  for (const auto& answer : answers) {
    Findings of_node("node/" + answer.node);
    if (!answer.its.is_object()) continue;
    if (version_of(answer.met) != version) {
      of_node.warn(
          "citus", "Citus " + version_of(answer.met) + ", and the coordinator has " + version,
          {"nodes of different versions refuse each other's work",
           "install one version everywhere, then on this node: ALTER EXTENSION citus UPDATE;"});
    }
    judge_moves(answer.its, *cluster, of_node);
    std::move(of_node.all().begin(), of_node.all().end(), std::back_inserter(all));
  }
  co_return all;
}

}  // namespace homeostat::doctor
