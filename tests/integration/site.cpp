// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/site.hpp"

#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "controller/transport/http_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/pg_client.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kPolicies = R"(version: 1
policy: circuit-breaker
kind: breaker
mode: enforce
open: {signal: pg_blocked_ratio, cusum: {ref: 0.20, trip: 1}, clear_below: 0.15}
ladder:
  - {lever: feature, target: class/rebuildable, admit: 0%}
  - {lever: feature, target: class/batch, admit: 0%}
expect: {signal: pg_blocked_ratio, falls_by: 20%, within: 3m}
alert: {severity: page}
)";

}  // namespace

Site::Site(Settings settings) : postgres_{std::move(settings)} {
  write_policies(kPolicies);
  write_config(0, 1);
  prepare();
}

void Site::prepare() {
  postgres_.sql(read_file(HOMEOSTAT_SOURCE_DIR "/sql/monitor_role.sql"));
  postgres_.sql(read_file(HOMEOSTAT_SOURCE_DIR "/sql/actuator_roles.sql"));
  const auto migrated = homeostat({"migrate", "--config", config_path(0)});
  if (migrated.status != 0) throw std::runtime_error("migrate: " + migrated.output);
}

std::string Site::config_path(int number) const {
  return path("homeostat-" + std::to_string(number) + ".yaml");
}

std::string Site::journal_path(int number) const {
  const auto folder = journal_folder_.empty() ? scratch_.path() : journal_folder_;
  return folder + "/journal-" + std::to_string(number) + ".db";
}

void Site::inject(int blocked, int open) {
  inject("pg_blocked_ratio node/main " + std::to_string(blocked) + "/" + std::to_string(open) +
         "\n");
}

void Site::inject(const std::string& lines) {
  const auto fresh = path("injected.new");
  write_file(fresh, lines);
  std::rename(fresh.c_str(), path("injected").c_str());
}

void Site::inject_nothing() { inject(""); }

void Site::write_policies(const std::string& yaml) { write_file(path("policies.yaml"), yaml); }

void Site::write_config(int number, int port) {
  if (!std::ifstream(path("injected"))) inject_nothing();
  std::ostringstream text;
  text << "version: 1\n"
       << "mode_ceiling: " << mode_ceiling_ << "\n"
       << "speed_up: 20\n"
       << "policies: [policies.yaml]\n"
       << "postgres:\n"
       << "  nodes:\n"
       << "    - {name: main, host: 127.0.0.1, port: " << postgres_.port()
       << ", dbname: postgres, user: homeostat_monitor, sslmode: disable" << monitor_ << "}\n"
       << "  ledger: {node: main, user: homeostat_actuator}\n"
       << "injected: {path: " << path("injected") << "}\n"
       << "http: {listen: \"127.0.0.1:" << port << "\"}\n"
       << "journal: {path: " << journal_path(number) << "}\n"
       << "inventory:\n"
       << "  features:\n"
       << "    - {name: monthly_report, class: batch}\n"
       << "    - {name: top_tracks_view, class: rebuildable}\n"
       << inventory_ << extra_;
  write_file(config_path(number), text.str());
}

int Site::start_daemon() {
  const int number = static_cast<int>(daemons_.size());
  Running running;
  running.port = free_port();
  running.log = path("daemon-" + std::to_string(number) + ".log");
  write_config(number, running.port);
  ProcessOptions options;
  options.log = running.log;
  options.environment = environment_;
  running.process =
      ChildProcess({homeostat_binary(), "run", "--config", config_path(number)}, options);
  daemons_.push_back(std::move(running));
  const bool answers = eventually([&] { return get("/v1/status", number).has_value(); });
  if (!answers) throw std::runtime_error("the daemon does not answer: " + log(number));
  return number;
}

std::string Site::url(int number) const {
  return "http://127.0.0.1:" + std::to_string(daemons_.at(static_cast<std::size_t>(number)).port);
}

std::string Site::log(int number) const {
  return read_file(daemons_.at(static_cast<std::size_t>(number)).log);
}

std::optional<std::string> Site::get(const std::string& path_and_query, int number) const {
  boost::asio::io_context io;
  const auto answer =
      run_coroutine(io, http_get(url(number) + path_and_query, std::chrono::seconds{5}));
  if (!answer.has_value() || answer->status != 200) return std::nullopt;
  return answer->body;
}

nlohmann::json Site::status(int number) const {
  const auto body = get("/v1/status", number);
  if (!body) throw std::runtime_error("no answer to /v1/status: " + log(number));
  return nlohmann::json::parse(*body);
}

nlohmann::json Site::verdict(int number) const {
  const auto now = status(number);
  for (const auto& verdict : now.at("verdicts")) {
    if (verdict.at("policy") == "circuit-breaker") return verdict;
  }
  return {{"state", ""}, {"rung", 0}, {"step", ""}};
}

std::string Site::state(int number) const { return verdict(number).at("state"); }
int Site::rung(int number) const { return verdict(number).at("rung"); }
std::string Site::step(int number) const { return verdict(number).at("step"); }

bool Site::allowed(const std::string& feature, const std::string& key) {
  return postgres_.sql("SELECT homeostat.allowed('" + feature + "', '" + key + "')") == "t";
}

}  // namespace homeostat::testing
