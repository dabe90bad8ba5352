// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/examine.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "controller/cli/doctor/check_alertmanager.hpp"
#include "controller/cli/doctor/check_citus.hpp"
#include "controller/cli/doctor/check_connection.hpp"
#include "controller/cli/doctor/check_control_topic.hpp"
#include "controller/cli/doctor/check_kafka.hpp"
#include "controller/cli/doctor/check_ledger.hpp"
#include "controller/cli/doctor/check_machine.hpp"
#include "controller/cli/doctor/check_pgbouncer.hpp"
#include "controller/cli/doctor/check_policies.hpp"
#include "controller/cli/doctor/check_server.hpp"
#include "controller/cli/doctor/pooler.hpp"
#include "controller/cli/doctor/server_facts.hpp"
#include "controller/cli/wiring.hpp"
#include "controller/transport/pg_session.hpp"

namespace homeostat::doctor {
namespace asio = boost::asio;
namespace {

constexpr Duration kConnect = std::chrono::seconds{10};
constexpr Duration kAnswer = std::chrono::seconds{5};

pg::Address address_for_doctor(pg::Address address) {
  address.application_name = "homeostat doctor";
  return address;
}

// Nothing when we did not get in or were not answered; the reason is among the findings.
asio::awaitable<std::optional<ServerFacts>> meet(pg::Session& session, const Login& login,
                                                 Findings& findings) {
  std::optional<ServerFacts> met;
  const auto connected = co_await session.connect(kConnect);
  if (!connected.has_value()) {
    judge_refusal(login, connected.error(), findings);
    co_return met;
  }
  findings.ok("connection", login.address.user + " at " + place_of(login.address));
  auto facts = co_await ask_server(session, kAnswer);
  if (!facts.has_value()) {
    findings.fail(
        "answer", facts.error().context,
        {login.why, login.grants + where_roles_are(login) + ", and homeostat doctor again"});
    co_return met;
  }
  met = std::move(*facts);
  co_return met;
}

asio::awaitable<std::optional<ServerFacts>> check_node(asio::any_io_executor executor,
                                                       pg::Address address, std::string roles_from,
                                                       Findings& findings) {
  const Login login{address, "homeostat grants --monitor",
                    "nothing of this node can be measured: its signals are absent",
                    std::move(roles_from)};
  pg::SessionSettings settings;
  settings.read_only = true;
  pg::Session session(executor, address, settings);
  auto facts = co_await meet(session, login, findings);
  if (!facts) co_return facts;
  judge_encryption(address, findings);
  const auto pooler =
      co_await find_pooler(executor, session, address, facts->backend_pid, kConnect);
  judge_pooler_of_monitor(pooler, *facts, findings);
  judge_version(*facts, findings);
  judge_identity(*facts, findings);
  judge_powers(*facts, findings);
  judge_statistics(*facts, findings);
  judge_headroom(*facts, findings);
  judge_abandoned(*facts, findings);
  judge_clock(*facts, findings);
  co_return facts;
}

asio::awaitable<void> check_ledger(asio::any_io_executor executor, const Config& config,
                                   std::optional<ServerFacts> monitor, Findings& findings) {
  const auto& ledger = *config.ledger;
  const auto address =
      address_for_doctor(address_of(config, ledger.node, ledger.user, ledger.password_file));
  const Login login{address, "homeostat grants --actuator",
                    "without it no lever can be set, nor given back"};
  pg::Session session(executor, address, pg::SessionSettings{});
  const auto facts = co_await meet(session, login, findings);
  if (!facts) co_return;
  const auto pooler =
      co_await find_pooler(executor, session, address, facts->backend_pid, kConnect);
  judge_pooler_of_ledger(pooler, *facts, findings);
  if (monitor) judge_same_server(*monitor, *facts, findings);
  judge_primary(*facts, findings);
  judge_powers(*facts, findings);
  judge_commit(*facts, findings);
  co_await check_schema(session, *facts, config, kAnswer, findings);
  co_await check_pools_left(session, config.zones, kAnswer, findings);
}

// What would stop acts stops nothing while nothing acts.
void soften(std::vector<Finding>& findings) {
  for (auto& finding : findings) {
    if (finding.grade != Grade::fail) continue;
    finding.grade = Grade::warn;
    finding.advice.why += " (needed before mode_ceiling is raised)";
  }
}

void append(std::vector<Finding>& all, std::vector<Finding> more) {
  std::move(more.begin(), more.end(), std::back_inserter(all));
}

}  // namespace

asio::awaitable<std::vector<Finding>> examine(asio::any_io_executor executor, Setup setup,
                                              std::vector<homeostat::Finding> notes) {
  const auto& config = setup.config;
  auto all = check_configuration(config);
  append(all, check_policies(setup.policies, notes));
  std::optional<ServerFacts> home;  // the ledger's node, as the monitor sees it
  for (const auto& node : config.nodes) {
    Findings findings("node/" + node.name);
    const auto address =
        address_for_doctor(address_of(config, node.name, node.user, node.password_file));
    std::string roles_from;
    if (config.citus && node.name != config.citus->coordinator) {
      roles_from = config.citus->coordinator;
    }
    auto facts = co_await check_node(executor, address, std::move(roles_from), findings);
    if (config.ledger && config.ledger->node == node.name) home = std::move(facts);
    append(all, std::move(findings.all()));
  }
  Findings ledger("ledger");
  if (config.ledger) {
    co_await check_ledger(executor, config, std::move(home), ledger);
    if (config.mode_ceiling <= Mode::shadow) soften(ledger.all());
  } else {
    ledger.ok("none", "mode shadow needs none");
  }
  append(all, std::move(ledger.all()));
  auto pools = co_await check_pgbouncer(executor, config.zones, kAnswer);
  if (config.mode_ceiling <= Mode::shadow) soften(pools);
  append(all, std::move(pools));
  if (config.citus) {
    auto citus = co_await check_citus(executor, config, kAnswer);
    append(all, std::move(citus));
  }
  if (config.kafka) {
    auto kafka = co_await check_kafka(executor, *config.kafka, kConnect);
    append(all, std::move(kafka));
  }
  if (config.kafka && config.ledger) {
    auto topic = co_await check_control_topic(executor, *config.kafka, kAnswer);
    if (config.mode_ceiling <= Mode::shadow) soften(topic);
    append(all, std::move(topic));
  }
  auto alertmanager = co_await check_alertmanager(config.alertmanagers, kAnswer);
  append(all, std::move(alertmanager));
  append(all, check_journal(config));
  append(all, check_http(config, executor));
  co_return all;
}

}  // namespace homeostat::doctor
