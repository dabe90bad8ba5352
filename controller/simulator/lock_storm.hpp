// SPDX-License-Identifier: Apache-2.0
// A server that more concurrency makes slower, and clients that ask again: a storm that outlives
// its cause (metastable; Bronson et al., HotOS 2021).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "controller/simulator/plant.hpp"
#include "controller/simulator/random.hpp"

namespace homeostat {

/// Processor sharing with Gunther's law, X(N) = rate*N / (1 + contention*(N-1) + conflict*N*(N-1)),
/// through two points: its peak, and where all connections are in use. The level of an incident is
/// the share of its speed that the server has left.
struct LockStormParameters {
  double requests_per_second = 700;
  double critical = 0.65;  ///< share of them; the rest is in equal parts of the three classes
  double peak_throughput = 1600;  ///< transactions a second …
  int peak_connections = 100;     ///< … with so many at once
  int max_connections = 400;
  double throughput_at_max = 788;
  /// Of the time that transactions lose to each other: what they wait for locks, which probes see.
  /// The rest is processors and latches. Half of it makes 7 % of 1000 requests a second wait.
  double lock_share = 0.5;
  Duration client_timeout = std::chrono::seconds{2};
  int retries = 3;                                    ///< after the first try
  Duration backoff = std::chrono::milliseconds{100};  ///< before the first retry; doubles
  // What stands in front of the server by itself; the lever `admission` sets the same.
  int concurrency = 0;                             ///< at once; 0: as many as there are connections
  Duration queue_limit = std::chrono::seconds{2};  ///< who waits longer is turned away
  bool cancel_abandoned = false;  ///< what nobody waits for any more is taken out of the server
  friend bool operator==(const LockStormParameters&, const LockStormParameters&) = default;
};

/// Transactions a second with so many at once, undisturbed.
class Throughput {
 public:
  /// REQUIRES: the two points of `parameters` can lie on one curve (possible()).
  explicit Throughput(const LockStormParameters& parameters);
  static bool possible(const LockStormParameters& parameters);

  double at(double connections) const;
  /// Share of a transaction's time that it waits for others, 0..1.
  double waiting_share(double connections) const;

 private:
  double slowdown(double connections) const;
  double contention_ = 0;
  double conflict_ = 0;
  double rate_ = 0;
};

class LockStorm : public Plant {
 public:
  LockStorm(const LockStormParameters& parameters, Random random);

  std::string kind() const override { return "lock_storm"; }
  Controlled controlled() const override { return {"latency in seconds", 0.5}; }
  Result<void> advance(Duration step, const std::vector<Incident>& active,
                       const LeversInForce& levers) override;
  const std::vector<Sample>& samples() const override { return samples_; }
  PlantTruth truth() const override { return truth_; }
  std::vector<Quantity> quantities() const override;
  std::vector<PlantFinding> findings() const override;

 private:
  static constexpr std::size_t kClasses = 4;  // critical first
  struct Request {
    double sent = 0;  ///< seconds from the beginning: this try
    std::uint8_t of_class = 0;
    std::uint8_t tries = 1;
    bool abandoned = false;  ///< its client has gone, the server works on
  };
  struct Outcome {
    int served = 0;
    int failed = 0;  ///< for good
  };
  struct Limits {
    double speed = 1;
    std::size_t concurrency = 0;
    double queue_limit = 0;
    std::array<double, kClasses> admitted{};
  };

  Limits limits_of(const std::vector<Incident>& active, const LeversInForce& levers) const;
  void substep(const Limits& limits);
  void arrive(const Limits& limits);
  void turn_away(const Limits& limits);
  void abandon();
  void serve(double speed);
  void fail(const Request& request);
  void take_out(std::size_t at);
  void measure(const Limits& limits);

  LockStormParameters parameters_;
  Throughput throughput_;
  Random random_;
  std::int64_t substeps_ = 0;
  double now_ = 0;
  std::deque<Request> queue_;
  std::vector<Request> serving_;
  std::deque<std::vector<Request>> retries_;  ///< by the sub-step they come back in, next first
  std::array<Outcome, kClasses> outcomes_{};  ///< of this step
  std::int64_t failed_ = 0;
  double speed_ = 1;
  std::vector<Sample> samples_;
  PlantTruth truth_;
};

}  // namespace homeostat
