// SPDX-License-Identifier: Apache-2.0
#include "tests/support/prometheus_server.hpp"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "controller/transport/http_client.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/run.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

constexpr const char* kPrometheus = "/usr/bin/prometheus";
constexpr const char* kTool = "/usr/bin/promtool";

/// Everything but letters and digits as %XX.
std::string escaped(const std::string& text) {
  constexpr auto kDigits = "0123456789ABCDEF";
  std::string made;
  for (const char raw : text) {
    const auto byte = static_cast<unsigned char>(raw);
    if (std::isalnum(byte) != 0) {
      made += raw;
    } else {
      made += {'%', kDigits[byte / 16], kDigits[byte % 16]};
    }
  }
  return made;
}

Result<HttpResponse> get(int port, const std::string& target) {
  boost::asio::io_context io;
  return run_coroutine(
      io, http_get("http://127.0.0.1:" + std::to_string(port) + target, std::chrono::seconds{5}));
}

}  // namespace

bool prometheus_installed() {
  return ::access(kPrometheus, X_OK) == 0 && ::access(kTool, X_OK) == 0;
}

PrometheusServer::PrometheusServer(const std::string& target, std::chrono::seconds every)
    : port_(free_port()) {
  const auto seconds = std::to_string(every.count()) + "s";
  const auto& directory = scratch_.path();
  write_file(directory + "/config.yml",
             "global: {scrape_interval: " + seconds + ", scrape_timeout: " + seconds +
                 "}\n"
                 "scrape_configs:\n- {job_name: test, static_configs: [{targets: ['" +
                 target + "']}]}\n");
  ProcessOptions options;
  options.log = directory + "/log";
  options.directory = directory;
  process_ = ChildProcess({kPrometheus, "--config.file=" + directory + "/config.yml",
                           "--storage.tsdb.path=" + directory + "/data",
                           "--web.listen-address=127.0.0.1:" + std::to_string(port_)},
                          options);
  const auto ready = [this] {
    if (!process_.running()) return true;
    const auto answer = get(port_, "/-/ready");
    return answer.has_value() && answer->status == 200;
  };
  if (!eventually(ready) || !process_.running()) {
    throw std::runtime_error("Prometheus does not start: " + read_file(options.log));
  }
}

std::optional<double> PrometheusServer::query(const std::string& promql) const {
  const auto answer = get(port_, "/api/v1/query?query=" + escaped(promql));
  if (!answer.has_value() || answer->status != 200) return std::nullopt;
  const auto found = nlohmann::json::parse(answer->body).at("data").at("result");
  if (found.empty()) return std::nullopt;
  return std::stod(found.at(0).at("value").at(1).get<std::string>());
}

std::string PrometheusServer::query_range(const std::string& promql) const {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  const auto answer = get(port_, "/api/v1/query_range?step=1&start=" + std::to_string(now - 300) +
                                     "&end=" + std::to_string(now) + "&query=" + escaped(promql));
  return answer.has_value() ? answer->body : "";
}

std::string promtool_complaints(const std::string& text) {
  const ScratchDirectory scratch;
  const auto file = scratch.path() + "/metrics";
  write_file(file, text);
  ProcessOptions options;
  options.log = scratch.path() + "/said";
  ChildProcess tool{{"/bin/sh", "-c", R"(exec "$0" check metrics <"$1")", kTool, file}, options};
  const auto status = tool.wait(std::chrono::seconds{60});
  const auto said = read_file(options.log);
  if (status == 0) return said;
  return said.empty() ? "promtool failed" : said;
}

}  // namespace homeostat::testing
