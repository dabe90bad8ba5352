// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kafka_broker.hpp"

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "tests/support/eventually.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/text_file.hpp"

namespace homeostat::testing {
namespace {

namespace fs = std::filesystem;

// Any 22 characters of base64 that hold 16 bytes.
constexpr const char* kClusterId = "aG9tZW9zdGF0LXRlc3QtMQ";

std::string kafka_directory() {
  if (const char* given = std::getenv("HOMEOSTAT_TEST_KAFKA")) return given;
  return HOMEOSTAT_KAFKA;
}

std::string java_program() {
  const char* path = std::getenv("PATH");
  std::string rest = path == nullptr ? "" : path;
  while (!rest.empty()) {
    const auto end = rest.find(':');
    const auto candidate = rest.substr(0, end) + "/java";
    std::error_code ignored;
    if (fs::is_regular_file(candidate, ignored)) return candidate;
    rest = end == std::string::npos ? "" : rest.substr(end + 1);
  }
  return {};
}

int port_besides(std::initializer_list<int> taken) {
  for (;;) {
    const int port = free_port();
    bool free = true;
    for (const int other : taken) free = free && port != other;
    if (free) return port;
  }
}

}  // namespace

std::optional<std::string> kafka_missing() {
  if (java_program().empty()) return "there is no Java";
  std::error_code ignored;
  const auto jars = kafka_directory() + "/jars";
  if (fs::is_directory(jars, ignored)) return std::nullopt;
  return "there is no Kafka in " + jars + ", where tests/run installs it from Maven Central";
}

bool skipped_without_kafka() {
  const auto missing = kafka_missing();
  if (missing) std::puts(("SKIPPED: " + *missing).c_str());
  return missing.has_value();
}

KafkaBroker::KafkaBroker(BrokerSettings settings) : settings_{std::move(settings)} { begin(); }

KafkaBroker::KafkaBroker(const SelfSigned& identity) {
  const auto pem = scratch_.path() + "/broker.pem";
  write_file(pem, identity.key + identity.certificate);
  settings_ = {
      {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,LOGIN:SASL_SSL,CONTROLLER:PLAINTEXT"},
      {"listener.name.login.ssl.keystore.type", "PEM"},
      {"listener.name.login.ssl.keystore.location", pem},
      {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
      {"super.users", "User:ANONYMOUS"},
  };
  begin();
}

void KafkaBroker::begin() {
  port_ = free_port();
  login_port_ = port_besides({port_});
  controller_port_ = port_besides({port_, login_port_});
  write_properties();
  format();
  start();
}

KafkaBroker::~KafkaBroker() {
  // What it wrote goes with it: nothing is lost by not asking.
  server_.signal(SIGKILL);
  server_.wait(std::chrono::seconds{10});
}

void KafkaBroker::write_properties() const {
  const auto port = std::to_string(port_);
  const auto login = std::to_string(login_port_);
  const auto controller = std::to_string(controller_port_);
  BrokerSettings all{
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", "1@127.0.0.1:" + controller},
      {"controller.listener.names", "CONTROLLER"},
      {"inter.broker.listener.name", "PLAINTEXT"},
      {"listeners", "PLAINTEXT://127.0.0.1:" + port + ",LOGIN://127.0.0.1:" + login +
                        ",CONTROLLER://127.0.0.1:" + controller},
      {"advertised.listeners", "PLAINTEXT://127.0.0.1:" + port + ",LOGIN://127.0.0.1:" + login},
      {"listener.security.protocol.map",
       "PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT"},
      {"listener.name.login.sasl.enabled.mechanisms", "PLAIN"},
      {"listener.name.login.plain.sasl.jaas.config",
       "org.apache.kafka.common.security.plain.PlainLoginModule required user_monitor=\"right\";"},
      {"log.dirs", scratch_.path() + "/data"},
      {"auto.create.topics.enable", "false"},
      {"num.partitions", "1"},
      {"offsets.topic.replication.factor", "1"},
      {"offsets.topic.num.partitions", "8"},  // of the default, 50, the first commit is slow
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"group.initial.rebalance.delay.ms", "0"},
      // Of a broker that was killed, its successor waits for the end: 9 s by default.
      {"broker.session.timeout.ms", "3000"},
      {"broker.heartbeat.interval.ms", "500"},
      // The cleaner's default is 128 MB at the start: more than this heap.
      {"log.cleaner.dedupe.buffer.size", "2097152"},
      {"log.cleaner.threads", "1"},
  };
  for (const auto& [name, value] : settings_) all[name] = value;
  std::ofstream file{scratch_.path() + "/server.properties", std::ios::trunc};
  for (const auto& [name, value] : all) file << name << '=' << value << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write Kafka's configuration");
}

std::vector<std::string> KafkaBroker::java(const std::string& main_class,
                                           const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{java_program(),
                                   "-Xms128m",
                                   "-Xmx128m",
                                   "-XX:+UseSerialGC",
                                   "-XX:TieredStopAtLevel=1",  // it starts sooner, and lives short
                                   "-cp",
                                   kafka_directory() + "/jars/*",
                                   main_class};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

void KafkaBroker::format() {
  ProcessOptions options;
  options.directory = scratch_.path();
  options.log = scratch_.path() + "/format.log";
  ChildProcess tool{java("kafka.tools.StorageTool", {"format", "-t", kClusterId, "-c",
                                                     scratch_.path() + "/server.properties"}),
                    options};
  if (tool.wait(std::chrono::seconds{60}) != 0) {
    throw std::runtime_error("Kafka's storage cannot be formatted: " + read_file(options.log));
  }
}

void KafkaBroker::start() {
  if (server_.running()) return;
  ProcessOptions options;
  options.directory = scratch_.path();
  options.log = scratch_.path() + "/server.log";
  server_ = ChildProcess{java("kafka.Kafka", {scratch_.path() + "/server.properties"}), options};
  const KafkaClient client{bootstrap()};
  const auto settled = [&] { return !server_.running() || client.broker_answers(); };
  if (!eventually(settled) || !server_.running()) {
    throw std::runtime_error("Kafka does not start: " + log_tail());
  }
}

void KafkaBroker::stop() {
  server_.signal(SIGTERM);
  if (!server_.wait(std::chrono::seconds{60})) throw std::runtime_error("Kafka does not stop");
}

void KafkaBroker::kill_server() {
  server_.signal(SIGKILL);
  if (!server_.wait(std::chrono::seconds{60})) throw std::runtime_error("Kafka does not die");
}

void KafkaBroker::freeze() {
  server_.signal(SIGSTOP);
  if (!eventually([this] { return process_state(pid()) == 'T'; })) {
    throw std::runtime_error("Kafka does not freeze");
  }
}

void KafkaBroker::thaw() { server_.signal(SIGCONT); }

std::string KafkaBroker::bootstrap() const { return "127.0.0.1:" + std::to_string(port_); }

std::string KafkaBroker::bootstrap_with_login() const {
  return "127.0.0.1:" + std::to_string(login_port_);
}

std::string KafkaBroker::log_tail() const {
  const auto text = read_file(scratch_.path() + "/server.log");
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

}  // namespace homeostat::testing
