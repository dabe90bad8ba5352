// SPDX-License-Identifier: Apache-2.0
#include "tests/support/alertmanager_server.hpp"

#include <signal.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <fstream>
#include <stdexcept>

#include "controller/transport/http_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kAlertmanager = "/usr/bin/prometheus-alertmanager";

Result<HttpResponse> get(const std::string& url) {
  boost::asio::io_context io;
  return run_coroutine(io, http_get(url, std::chrono::seconds{5}));
}

}  // namespace

bool alertmanager_installed() { return ::access(kAlertmanager, X_OK) == 0; }

AlertmanagerServer::AlertmanagerServer(const std::string& webhook) : port_(free_port()) {
  std::ofstream config(scratch_.path() + "/config.yml");
  config << "route: {receiver: test, group_by: ['...'], group_wait: 0s, group_interval: 1s}\n"
         << "receivers:\n- name: test\n";
  if (!webhook.empty()) config << "  webhook_configs: [{url: '" << webhook << "'}]\n";
  config.close();
  start();
}

AlertmanagerServer::~AlertmanagerServer() = default;

void AlertmanagerServer::start() {
  const auto& directory = scratch_.path();
  ProcessOptions options;
  options.log = directory + "/log";
  options.directory = directory;
  process_ = ChildProcess(
      {kAlertmanager, "--config.file=" + directory + "/config.yml",
       "--storage.path=" + directory + "/data" + std::to_string(++starts_),
       "--web.listen-address=127.0.0.1:" + std::to_string(port_), "--cluster.listen-address="},
      options);
  const auto ready = [this] {
    if (!process_.running()) return true;
    const auto answer = get(url() + "/-/ready");
    return answer.has_value() && (*answer).status == 200;
  };
  if (!eventually(ready) || !process_.running()) {
    throw std::runtime_error("Alertmanager does not start: " + read_file(options.log));
  }
}

std::string AlertmanagerServer::alerts() const {
  const auto answer = get(url() + "/api/v2/alerts");
  return answer.has_value() ? (*answer).body : "";
}

void AlertmanagerServer::freeze() const { process_.signal(SIGSTOP); }
void AlertmanagerServer::thaw() const { process_.signal(SIGCONT); }

void AlertmanagerServer::kill() {
  process_.signal(SIGKILL);
  process_.wait(std::chrono::seconds{30});
}

void AlertmanagerServer::restart() {
  kill();
  start();
}

}  // namespace homeostat::testing
