// SPDX-License-Identifier: Apache-2.0
// What the running binary serves at /metrics, as Prometheus and promtool see it.
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <string>

#include "controller/transport/http_client.hpp"
#include "tests/integration/binary.hpp"
#include "tests/support/child_process.hpp"
#include "tests/support/eventually.hpp"
#include "tests/support/prometheus_server.hpp"
#include "tests/support/run.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {
namespace {

/// A daemon without a server: it watches what a file says.
class Watcher {
 public:
  /// `zones` subjects, each with a reading of its own.
  explicit Watcher(int zones) {
    std::ofstream samples(scratch_.path() + "/samples");
    samples << "pg_blocked_ratio cluster 1/40\n";
    for (int zone = 0; zone < zones; ++zone) {
      samples << "pg_blocked_ratio zone/" << zone << " 1/" << zone + 1 << "\n";
    }
    samples.close();
    const auto path = scratch_.path() + "/homeostat.yaml";
    std::ofstream config(path);
    config << "version: 1\n"
           << "policies: [\"" << HOMEOSTAT_SOURCE_DIR << "/policies/recommended/*.yaml\"]\n"
           << "injected: {path: samples}\n"
           << "http: {listen: \"" << address() << "\"}\n"
           << "journal: {path: journal.db}\n"
           << "inventory: {features: [{name: monthly_report, class: batch},\n"
           << "                       {name: top_tracks_view, class: rebuildable}]}\n";
    config.close();
    ProcessOptions options;
    options.log = scratch_.path() + "/daemon.log";
    daemon_ = ChildProcess({homeostat_binary(), "run", "--config", path}, options);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// Empty while it does not answer.
  std::string metrics() const {
    boost::asio::io_context io;
    const auto answer =
        run_coroutine(io, http_get("http://" + address() + "/metrics", std::chrono::seconds{10}));
    return answer.has_value() && answer->status == 200 ? answer->body : "";
  }

 private:
  ScratchDirectory scratch_;
  int port_ = free_port();
  ChildProcess daemon_;
};

bool skipped() {
  if (prometheus_installed()) return false;
  std::cout << "SKIPPED: prometheus is not installed\n";
  return true;
}

}  // namespace

TEST_CASE("metrics: promtool has nothing to say about their names, types and help") {
  if (skipped()) return;
  const Watcher watcher{2};
  std::string text;
  REQUIRE(eventually([&] {
    text = watcher.metrics();
    return text.find("homeostat_pg_blocked_ratio{subject=\"zone/1\"} 0.5") != std::string::npos;
  }));
  CHECK(promtool_complaints(text).empty());
  CHECK(text.find("process_resident_memory_bytes") != std::string::npos);
  CHECK_FALSE(
      promtool_complaints("# TYPE homeostat_bad_total gauge\nhomeostat_bad_total 1\n").empty());
}

// The second is for the binary that people run: under sanitizers, beside other tests, it says
// nothing.
TEST_CASE("metrics: ten thousand subjects fit into a scrape that may take one second") {
  if (skipped()) return;
  const Watcher watcher{10000};
  const std::chrono::seconds every{tests_release_binary() ? 1 : 10};
  const PrometheusServer prometheus{watcher.address(), every};
  REQUIRE(
      eventually([&] { return prometheus.query("count(homeostat_pg_blocked_ratio)") == 10001; }));
  CHECK(prometheus.query("scrape_samples_scraped").value_or(0) > 10000);
}

}  // namespace homeostat::testing
