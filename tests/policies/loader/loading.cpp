// SPDX-License-Identifier: Apache-2.0
#include "tests/policies/loader/loading.hpp"

#include <stdlib.h>
#include <sys/stat.h>

#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "tests/support/test_vocabulary.hpp"

namespace homeostat::test {
namespace {

/// Findings name the file where it lies; tests only care for its name.
std::string without_folder(const Finding& finding) {
  auto bare = finding;
  bare.place.file = std::filesystem::path(finding.place.file).filename().string();
  return to_text(bare);
}

std::vector<std::string> without_file(const std::vector<Finding>& findings) {
  std::vector<std::string> texts;
  for (const auto& finding : findings) {
    const auto text = without_folder(finding);
    texts.push_back(text.substr(text.find(':') + 1));
  }
  return texts;
}

}  // namespace

TempFolder::TempFolder() {
  auto pattern = (std::filesystem::temp_directory_path() / "homeostat-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, std::string_view text) const {
  const auto file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  ::chmod(file.c_str(), 0600);
  return file.string();
}

PolicyLoad load_texts(const std::vector<std::string>& texts, const Vocabulary& vocabulary) {
  const TempFolder folder;
  std::vector<std::string> files;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    files.push_back(folder.write(std::to_string(i + 1) + ".yaml", texts[i]));
  }
  return load_policies(files, vocabulary, Mode::enforce, EngineSettings{}, 1);
}

PolicyLoad load_texts(const std::vector<std::string>& texts) {
  return load_texts(texts, vocabulary());
}

Policy load_one(const std::string& text) { return load_one(text, vocabulary()); }

Policy load_one(const std::string& text, const Vocabulary& vocabulary) {
  const auto load = load_texts({text}, vocabulary);
  if (!load.set || load.set->policies.size() != 1) {
    std::string why = "expected one policy";
    for (const auto& finding : texts_of(load.errors)) why += "\n" + finding;
    throw std::runtime_error(why);
  }
  return load.set->policies.front();
}

std::vector<std::string> errors_of(const std::string& text) {
  return without_file(load_texts({text}).errors);
}

std::vector<std::string> errors_of(const std::string& text, const Vocabulary& vocabulary) {
  return without_file(load_texts({text}, vocabulary).errors);
}

std::vector<std::string> config_errors_of(const std::string& text) {
  const TempFolder folder;
  return without_file(load_config(folder.write("homeostat.yaml", text)).errors);
}

std::vector<std::string> texts_of(const std::vector<Finding>& findings) {
  std::vector<std::string> texts;
  for (const auto& finding : findings) texts.push_back(without_folder(finding));
  return texts;
}

std::string breaker(const std::string& more) {
  return "version: 1\n"
         "policy: storm\n"
         "kind: breaker\n"
         "open: {signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.15}\n"
         "ladder: [{lever: feature, target: class/batch, admit: 0%}]\n" +
         more;
}

std::string batch_window(const std::string& more) {
  return "version: 1\n"
         "policy: batch-window\n"
         "kind: regulator\n"
         "for_each: group\n"
         "set: {lever: batch_window, drain_limit: 10000, ttl: 60s}\n"
         "to: min(0.1, n / kafka_arrival_events_per_second)\n"
         "vars: {n: 1}\n"
         "bounds: {min: 0ms, max: 100ms, dead_band: 10%}\n" +
         more;
}

std::string back_pressure(const std::string& more) {
  return "version: 1\n"
         "policy: back-pressure\n"
         "kind: regulator\n"
         "for_each: node\n"
         "record: {excess: \"pg_waiters_over_500ms / max(3, 0.05 * pg_open_transactions)\"}\n"
         "set: {lever: admission, queue_limit: 500ms, ttl: 60s}\n"
         "aimd: {over: {signal: excess, smooth: 5s, above: 1, for_samples: 2, clear_below: 0.5}}\n"
         "bounds: {min: 40, max: 400}\n" +
         more;
}

std::string shard_balance(const std::string& more) {
  return "version: 1\n"
         "policy: shard-balance\n"
         "kind: job\n"
         "windows: [{weekdays: [sunday], times: [{start_time: \"03:00\", end_time: \"07:00\"}], "
         "location: UTC}]\n"
         "at_most_every: 7d\n"
         "when: {signal: citus_node_cv, above: 0.4}\n"
         "early: {signal: citus_node_cv, above: 0.3, for: 90s}\n"
         "run: {lever: rebalance, deviation: 10%, weight: trigger}\n"
         "budget: {time: 492s}\n"
         "resume: [{times: [{start_time: \"03:00\", end_time: \"05:00\"}], location: UTC}]\n"
         "cooldown: 24h\n" +
         more;
}

std::string alert(const std::string& more) {
  return "version: 1\n"
         "policy: waiting\n"
         "kind: alert\n"
         "open: {signal: pg_lock_wait_max_seconds, above: 5}\n"
         "alert: {severity: warning}\n" +
         more;
}

std::string small_config(const std::string& more) {
  return "version: 1\n"
         "policies: [policies/*.yaml]\n"
         "postgres:\n"
         "  nodes:\n"
         "    - {name: main, host: db1, dbname: melodyud}\n" +
         more;
}

std::string breaker_opening(const std::string& condition) {
  return replaced(breaker(),
                  "{signal: pg_blocked_ratio, cusum: {ref: 0.2, trip: 1}, clear_below: 0.15}",
                  condition);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("nothing to replace: " + std::string(from));
  return text.replace(at, from.size(), to);
}

std::string source_text(const std::string& path) {
  std::ifstream stream(std::filesystem::path(HOMEOSTAT_SOURCE_DIR) / path, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

}  // namespace homeostat::test
