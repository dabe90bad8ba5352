// SPDX-License-Identifier: Apache-2.0
// A consumer that writes events in batches: each batch costs something, and each event a little
// more.
#pragma once

#include <optional>
#include <vector>

#include "controller/simulator/backlog.hpp"
#include "controller/simulator/latencies.hpp"
#include "controller/simulator/plant.hpp"
#include "controller/simulator/random.hpp"

namespace homeostat {

/// Events arrive by themselves (Poisson), at a rate that changes from phase to phase. A batch
/// begins when the consumer is free and the oldest event has waited for the window; it takes what
/// is there, up to a limit, and n events take batch_seconds + n * event_seconds. The level of an
/// incident is the factor by which a batch costs more.
struct BatchConsumerParameters {
  struct Phase {
    Duration length = std::chrono::hours{1};
    double events_per_second = 1000;
    friend bool operator==(const Phase&, const Phase&) = default;
  };
  std::vector<Phase> phases{Phase{}};  ///< the first follows the last
  double batch_seconds = 0.002;        ///< begin, commit and their round trips
  double event_seconds = 0.000006;
  double utilisation = 0.8;  ///< share of its time that the consumer would work at most
  /// Of the events, which nobody makes while the feature `class/non_critical` is not admitted.
  double non_critical_share = 0;
  // Its own settings, while the lever `batch_window` is not set: Kafka's (fetch.min.bytes 1,
  // max.poll.records 500).
  Duration window{};
  int drain_limit = 500;
  friend bool operator==(const BatchConsumerParameters&, const BatchConsumerParameters&) = default;
};

class BatchConsumer : public Plant {
 public:
  BatchConsumer(const BatchConsumerParameters& parameters, Random random);

  std::string kind() const override { return "batch_consumer"; }
  Controlled controlled() const override { return {"latency p99 in seconds", kLimit}; }
  Result<void> advance(Duration step, const std::vector<Incident>& active,
                       const LeversInForce& levers) override;
  const std::vector<Sample>& samples() const override { return samples_; }
  PlantTruth truth() const override { return truth_; }
  std::vector<Quantity> quantities() const override;
  bool load_changed() const override { return load_changed_; }
  std::vector<InvariantFinding> check(const PolicySet& policies) const override;

 private:
  static constexpr double kLimit = 0.12;

  /// What holds during one step.
  struct Conditions {
    double rate = 0;
    double batch_seconds = 0;
    double window = 0;
    std::optional<double> drain_limit;  ///< nothing: a batch is the events of one window
  };

  Conditions conditions(const std::vector<Incident>& active, const LeversInForce& levers) const;
  double rate_at(double second) const;
  double behind_seconds() const;
  double efficient_batch(double rate, double batch_seconds) const;
  void arrive(double rate, double until);
  std::optional<double> next_batch(const Conditions& conditions, double end);
  void serve(const Conditions& conditions, double start, double end);
  void measure(const Conditions& conditions, double seconds);

  BatchConsumerParameters parameters_;
  Random random_;
  double rate_ = 0;  ///< of the last step
  bool load_changed_ = false;
  double now_ = 0;  ///< where the last step ended, in seconds; below it everything is known
  double arrived_until_ = 0;
  double free_at_ = 0;   ///< when the consumer ends its batch
  double in_batch_ = 0;  ///< events of the batch that begins last
  Backlog backlog_;
  std::vector<Stretch> batch_;
  double measured_batch_seconds_;
  // Of one step.
  Latencies latencies_;
  double arrived_ = 0;
  int commits_ = 0;
  double busy_ = 0;
  std::vector<Sample> samples_;
  PlantTruth truth_;
};

}  // namespace homeostat
