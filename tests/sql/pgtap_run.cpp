// SPDX-License-Identifier: Apache-2.0
// Runs one file of pgTAP assertions on a throw-away cluster with the homeostat schema:
// pgtap_run FILE. Prints what it said; ends with 0 when every planned assertion held.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>
#include <regex>
#include <sstream>
#include <string>

#include "tests/support/ledger_bench.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

/// The assertions that the plan promised, and those that came, by outcome.
struct Tally {
  int planned = -1;
  int held = 0;
  int failed = 0;
};

Tally tally_of(const std::string& output) {
  Tally tally;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("1..")) tally.planned = std::stoi(line.substr(3));
    if (line.starts_with("ok ")) ++tally.held;
    if (line.starts_with("not ok ")) ++tally.failed;
  }
  return tally;
}

bool available(const PostgresCluster& cluster) {
  return cluster.sql("SELECT count(*) FROM pg_available_extensions WHERE name = 'pgtap'") == "1";
}

/// What brings pgTAP into a database: the extension, or, since it is nothing but SQL, the script
/// that Debian's package has of it, which other servers run as well. Empty: there is none.
std::string pgtap(const PostgresCluster& cluster) {
  if (available(cluster)) return "CREATE EXTENSION pgtap;";
  const std::regex script("pgtap--[0-9.]+\\.sql");
  std::error_code ignored;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator("/usr/share/postgresql", ignored)) {
    if (std::regex_match(entry.path().filename().string(), script)) return read_file(entry.path());
  }
  return {};
}

int run(const std::string& file) {
  const LedgerCluster cluster;
  const auto assertions = pgtap(cluster);
  if (assertions.empty()) {
    std::puts("SKIPPED: there is no pgTAP for this PostgreSQL");
    return 0;
  }
  cluster.sql(assertions);
  cluster.sql("CREATE ROLE stranger LOGIN");
  const ScratchDirectory scratch;
  ProcessOptions options;
  options.log = scratch.path() + "/output";
  ChildProcess psql({"/usr/bin/psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h",
                     cluster.socket_directory(), "-p", std::to_string(cluster.port()), "-U",
                     "postgres", "-d", "postgres", "-f", file},
                    options);
  const auto status = psql.wait(std::chrono::seconds{120});
  const auto output = read_file(options.log);
  std::cout << output;
  const auto tally = tally_of(output);
  std::cout << tally.held << " of " << tally.planned << " assertions held, " << tally.failed
            << " failed\n";
  return status == 0 && tally.failed == 0 && tally.planned > 0 && tally.held == tally.planned ? 0
                                                                                              : 1;
}

}  // namespace
}  // namespace homeostat::testing

int main(int argc, char** argv) {
  try {
    if (argc == 2) return homeostat::testing::run(std::filesystem::absolute(argv[1]));
    std::cerr << "usage: pgtap_run FILE\n";
  } catch (const std::exception& error) {
    std::cerr << error.what() << "\n";
  }
  return 1;
}
