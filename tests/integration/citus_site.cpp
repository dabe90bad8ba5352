// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/citus_site.hpp"

#include <signal.h>

#include <chrono>
#include <stdexcept>

#include "tests/integration/binary.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {

void CitusSite::prepare(const CitusSetup& setup) {
  std::string nodes;
  for (const auto& name : cluster.names()) {
    nodes += "    - {name: " + name +
             ", host: 127.0.0.1, port: " + std::to_string(cluster.node(name).port()) +
             ", dbname: postgres, user: homeostat_monitor, sslmode: disable}\n";
  }
  write_file(config_,
             "version: 1\nmode_ceiling: enforce\nspeed_up: " + std::to_string(setup.speed_up) +
                 "\npolicies: [" + setup.policies + "]\npostgres:\n  nodes:\n" + nodes +
                 "  citus:\n    coordinator: coordinator\n" + setup.citus +
                 "  ledger: {node: coordinator, user: homeostat_actuator}\n" +
                 (setup.inventory.empty() ? "" : "inventory:\n" + setup.inventory) +
                 "http: {listen: \"127.0.0.1:" + std::to_string(http_port_) +
                 "\"}\njournal: {path: " + scratch_.path() + "/journal.db}\n");
  cluster.sql(run_homeostat({"grants", "--monitor", "--actuator"}).output);
  const auto migrated = run_homeostat({"migrate", "--config", config_});
  if (migrated.status != 0) throw std::runtime_error(migrated.output);
}

void CitusSite::start() {
  ProcessOptions options;
  options.log = log();
  daemon = std::make_unique<ChildProcess>(
      std::vector<std::string>{homeostat_binary(), "run", "--config", config_}, options);
}

std::optional<int> CitusSite::stop() {
  daemon->signal(SIGTERM);
  return daemon->wait(std::chrono::seconds{30});
}

std::string recommended_policies() {
  return std::string{HOMEOSTAT_SOURCE_DIR} + "/policies/recommended/*.yaml";
}

}  // namespace homeostat::testing
