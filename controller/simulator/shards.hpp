// SPDX-License-Identifier: Apache-2.0
// Shards that grow unevenly, and moves between nodes that take their time.
#pragma once

#include <optional>
#include <vector>

#include "controller/simulator/lock_contention.hpp"
#include "controller/simulator/plant.hpp"
#include "controller/simulator/random.hpp"
#include "controller/simulator/shard_plan.hpp"

namespace homeostat {

/// Shards of Zipf's sizes begin well spread over the nodes. They grow evenly over time, but by
/// shares of their own that have nothing to do with their size, so that the spread gets worse from
/// week to week. The lever `rebalance` of the cluster plans moves and makes them one at a time
/// while it is set; the move under way when it is given back is lost. The level of an incident of
/// kind `growth` is how many times as fast the shards grow that began on the first node: a tenant
/// that became popular. Beside them transactions wait for locks as in LockContention, on a busy
/// server, so that policies about locks have what they look at: kind `locks` makes more of them
/// wait.
struct ShardsParameters {
  int nodes = 8;
  int shards = 128;
  double bytes = 1e12;           ///< of all shards, in the beginning
  double size_skew = 0.8;        ///< Zipf's exponent; 0: all alike
  double growth_skew = 0.8;      ///< the same of what each has in the growth
  double growth_per_week = 0.1;  ///< of all shards, as a share of what they began with
  double move_bytes_per_second = 1e8;
  friend bool operator==(const ShardsParameters&, const ShardsParameters&) = default;
};

class Shards : public Plant {
 public:
  Shards(const ShardsParameters& parameters, Random random);

  /// Of the newest rebalance.
  enum class Phase { none, running, finished, stopped };
  struct Rebalance {
    Phase phase = Phase::none;
    double started = 0;     ///< seconds from the beginning
    double bytes_done = 0;  ///< moved
    double bytes_left = 0;  ///< of its plan
    int moves = 0;          ///< done
  };

  std::string kind() const override { return "shards"; }
  Controlled controlled() const override { return {"coefficient of variation of nodes", 0.3}; }
  Result<void> advance(Duration step, const std::vector<Incident>& active,
                       const LeversInForce& levers) override;
  const std::vector<Sample>& samples() const override { return samples_; }
  PlantTruth truth() const override { return truth_; }
  std::vector<Quantity> quantities() const override;
  std::vector<PlantFinding> findings() const override;
  std::map<LeverKey, JobProgress> jobs() const override;
  bool concerns(const Incident& incident, const Policy& policy) const override;
  bool felt(const Incident& incident) const override;

  /// Stays as it ended until the lever is set anew.
  const Rebalance& rebalance() const { return rebalance_; }
  const Placement& placement() const { return placement_; }

 private:
  void sort_out(const std::vector<Incident>& active);
  void grow(double seconds);
  void obey(const std::optional<double>& deviation, double seconds);
  void begin(double deviation);
  void move(double seconds);
  void measure(const LeversInForce& levers);

  ShardsParameters parameters_;
  Placement placement_;
  std::vector<std::size_t> first_node_;  ///< of each shard, in the beginning
  std::vector<double> growth_;           ///< of each shard, bytes a second
  double now_ = 0;
  std::vector<Move> moves_;   ///< to come, the next one last
  double bytes_of_move_ = 0;  ///< done, of the one under way
  bool asked_ = false;        ///< the lever was set at the last step
  Rebalance rebalance_;
  double popular_ = 1;           ///< how many times as fast the first node's shards grow now
  std::vector<Incident> locks_;  ///< active, of that kind
  LockContention contention_;
  std::vector<Sample> samples_;
  PlantTruth truth_;
};

}  // namespace homeostat
