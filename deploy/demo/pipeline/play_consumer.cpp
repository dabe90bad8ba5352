// SPDX-License-Identifier: Apache-2.0
// The program play_consumer: MelodyUD's batch consumer. README.md says what it promises.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <iostream>

#include "deploy/demo/pipeline/consumer.hpp"

namespace {

/// In containers every process may be number 1.
std::string unlike_any_other() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return std::string{host.data()} + '-' + std::to_string(getpid());
}

int run(int argc, char** argv) {
  using namespace melodyud;
  StopSignal stop;
  CLI::App app{"Applies MelodyUD's play events to PostgreSQL, in batches"};
  app.footer("Example: play_consumer --brokers 127.0.0.1:9092 --postgres 'dbname=melodyud'");
  std::string brokers;
  std::string conninfo;
  std::string window = "control";
  std::string control_topic = "homeostat.control";
  std::vector<std::string> properties;
  StreamSettings settings;
  settings.topic = "play_events";
  settings.group = "play-counts";
  app.add_option("--brokers", brokers, "HOST:PORT, more of them after commas")->required();
  app.add_option("--property", properties, "NAME=VALUE of librdkafka; may be repeated");
  app.add_option("--postgres", conninfo, "as libpq takes it")->required();
  app.add_option("--topic", settings.topic)->capture_default_str();
  app.add_option("--group", settings.group)->capture_default_str();
  app.add_option("--member", settings.member,
                 "static member of the group: restarted, it has its partitions back at once");
  app.add_option("--remember", settings.remember, "event ids that are remembered, a partition")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  app.add_option("--window", window, "control (obey the control topic) or fixed:NUMBERms")
      ->capture_default_str();
  app.add_option("--control-topic", control_topic)->capture_default_str();
  app.set_config("--options", "", "a file with the same options, NAME=VALUE a line: for passwords");
  CLI11_PARSE(app, argc, argv);
  try {
    properties.insert(properties.begin(), "bootstrap.servers=" + brokers);
    settings.properties = parse_properties(properties);
    const auto name = settings.member.empty() ? unlike_any_other() : settings.member;
    WindowSource windows{window, settings.properties, control_topic, settings.group};
    Database database{conninfo, settings.group, settings.topic};
    EventStream events{settings, database};
    Consumer{events, database, windows, stop, name}.run();
  } catch (const std::exception& error) {
    std::cerr << "play_consumer: " << error.what() << '\n';
    return 1;
  }
  return 0;
}

}  // namespace

// librdkafka's threads still run (KafkaCloser): nothing may be taken down under them.
int main(int argc, char** argv) { std::quick_exit(run(argc, argv)); }
