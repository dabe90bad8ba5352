// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/bare_site.hpp"

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "controller/transport/http_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {}  // namespace

BareSite::BareSite() { write_file(path("injected"), ""); }

void BareSite::grant(const std::vector<std::string>& flags) {
  std::vector<std::string> arguments{"grants"};
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  const auto printed = run_homeostat(arguments);
  if (printed.status != 0) throw std::runtime_error("grants: " + printed.output);
  postgres_.sql(printed.output);
}

void BareSite::watch(int port) { write_config(port, "shadow", ""); }

void BareSite::act(int port) { write_config(port, "enforce", "  ledger: {node: main}\n"); }

void BareSite::write_config(int port, const std::string& ceiling, const std::string& ledger) {
  std::ostringstream text;
  text << "version: 1\n"
       << "mode_ceiling: " << ceiling << "\n"
       << "speed_up: 10\n"
       << "policies: [\"" << HOMEOSTAT_SOURCE_DIR << "/policies/recommended/*.yaml\"]\n"
       << "postgres:\n"
       << "  nodes:\n"
       << "    - {name: main, host: 127.0.0.1, port: " << port
       << ", dbname: postgres, sslmode: disable}\n"
       << ledger << "injected: {path: injected}\n"
       << "http: {listen: \"127.0.0.1:" << http_port_ << "\"}\n"
       << "journal: {path: journal.db}\n"
       << "inventory: {features: [{name: monthly_report, class: batch},\n"
       << "                       {name: top_tracks_view, class: rebuildable}]}\n";
  write_file(config_path(), text.str());
}

void BareSite::inject(int blocked, int open) {
  write_file(path("injected.new"), "pg_blocked_ratio node/main " + std::to_string(blocked) + "/" +
                                       std::to_string(open) + "\n");
  std::rename(path("injected.new").c_str(), path("injected").c_str());
}

void BareSite::start_daemon() {
  ProcessOptions options;
  options.log = path("daemon.log");
  daemon_ = ChildProcess({homeostat_binary(), "run", "--config", config_path()}, options);
  const auto answers = [this] {
    try {
      return !status().empty();
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  if (!eventually(answers)) throw std::runtime_error("no daemon: " + read_file(options.log));
}

void BareSite::stop_daemon() {
  daemon_.signal(SIGTERM);
  if (!daemon_.wait(std::chrono::seconds{60})) throw std::runtime_error("the daemon does not end");
}

nlohmann::json BareSite::status() const {
  boost::asio::io_context io;
  const auto answer = run_coroutine(io, http_get(url() + "/v1/status", std::chrono::seconds{5}));
  if (!answer.has_value() || answer->status != 200) {
    throw std::runtime_error("no answer to /v1/status: " + read_file(path("daemon.log")));
  }
  return nlohmann::json::parse(answer->body);
}

}  // namespace homeostat::testing
