// SPDX-License-Identifier: Apache-2.0
// MelodyUD's pipeline on a broker and a real PostgreSQL, with both programs.
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/child_process.hpp"
#include "tests/support/kafka_client.hpp"
#include "tests/support/kafka_ground.hpp"
#include "tests/support/postgres_cluster.hpp"
#include "tests/support/scratch_directory.hpp"

namespace homeostat::testing {

/// MelodyUD's schema and the pipeline's, with `kTracks` tracks.
void furnish(const PostgresCluster& postgres);
constexpr int kTracks = 200;

constexpr std::chrono::seconds kPatience{60};  ///< with a program that is to end

/// One of the two programs. What it says about itself is in its log.
struct Program {
  std::string log;
  ChildProcess process;

  nlohmann::json last_line() const;  ///< of JSON; empty when there is none yet
  double last(const std::string& name) const { return last_line().value(name, 0.0); }
  bool says(const std::string& text) const;
};

class PipelineSite {
 public:
  static constexpr int kPartitions = 4;

  PipelineSite();

  PostgresCluster& postgres() { return postgres_; }
  KafkaClient& kafka() { return kafka_; }
  void create_topic(const std::string& topic, int partitions) {
    broker_.create_topic(topic, partitions);
  }
  std::string bootstrap() const { return broker_.bootstrap(); }

  Program producer(const std::string& profile, const std::vector<std::string>& more = {});
  Program consumer(const std::vector<std::string>& more = {});

  /// Sum of the offsets in PostgreSQL: messages that have been applied, duplicates included.
  std::int64_t applied() const;
  std::int64_t plays() const;
  std::int64_t impressions() const;
  /// Sum of the owner epochs: how many times a partition was taken over.
  std::int64_t claims() const;
  /// Sum of the offsets that are committed to Kafka.
  std::int64_t committed() const;

  /// Ends the producer, waits until all that it has delivered is applied, and the messages besides,
  /// and checks that each event counts once.
  void require_exactly_once(Program& producer, std::int64_t besides = 0) const;

 private:
  std::int64_t number(const std::string& sql) const;
  Program start(const std::string& program, std::vector<std::string> arguments);

  ScratchDirectory scratch_;
  PostgresCluster postgres_;
  KafkaGround broker_;
  KafkaClient kafka_;
  int started_ = 0;
};

}  // namespace homeostat::testing
