// SPDX-License-Identifier: Apache-2.0
// A throw-away Kafka broker for one test: Apache Kafka in KRaft mode, one node.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/child_process.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/self_signed.hpp"

namespace homeostat::testing {

/// Why no broker can be started here: Java or the jars are missing. The jars are those of
/// build/kafka, where tests/run has put them, or of the directory that HOMEOSTAT_TEST_KAFKA names.
std::optional<std::string> kafka_missing();

/// Prints `SKIPPED: reason`, and is true, when no broker can be started here.
bool skipped_without_kafka();

/// Settings of server.properties by name: {"num.partitions", "4"}.
using BrokerSettings = std::map<std::string, std::string>;

/// A broker with its own storage on free ports of 127.0.0.1: small heap, no topic that nobody made.
/// It ends, with its files, with this object or with the test. Every member throws
/// std::runtime_error when the broker does not do as told. REQUIRES: kafka_missing() is nothing.
class KafkaBroker {
 public:
  explicit KafkaBroker(BrokerSettings settings = {});
  /// One that is guarded: who logs in does so over TLS, with this certificate at the other end, and
  /// may do what ACLs allow; bootstrap() remains open to everybody, for everything.
  explicit KafkaBroker(const SelfSigned& identity);
  ~KafkaBroker();
  KafkaBroker(const KafkaBroker&) = delete;
  KafkaBroker& operator=(const KafkaBroker&) = delete;

  /// Where clients begin: `127.0.0.1:PORT`, everybody is let in.
  std::string bootstrap() const;
  /// The same broker, for those who log in (SASL PLAIN, without TLS unless it is guarded): user
  /// `monitor`, password `right`.
  std::string bootstrap_with_login() const;

  pid_t pid() const { return server_.pid(); }  ///< 0 when stopped

  void start();        ///< on return it answers
  void stop();         ///< in order: SIGTERM
  void kill_server();  ///< kill -9; on return it is gone
  void freeze();       ///< SIGSTOP: connections stay open, nothing answers
  void thaw();

  /// The last lines of the broker's log.
  std::string log_tail() const;

 private:
  void begin();
  void format();
  void write_properties() const;
  std::vector<std::string> java(const std::string& main_class,
                                const std::vector<std::string>& arguments) const;

  BrokerSettings settings_;
  ScratchDirectory scratch_;
  int port_ = 0;
  int login_port_ = 0;
  int controller_port_ = 0;
  ChildProcess server_;
};

}  // namespace homeostat::testing
