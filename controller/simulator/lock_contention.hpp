// SPDX-License-Identifier: Apache-2.0
// Lock contention: transactions that wait for locks, of those that are open.
#pragma once

#include "controller/simulator/plant.hpp"
#include "controller/simulator/random.hpp"

namespace homeostat {

/// Each open transaction begins to wait at a rate and is released at another, so that waits last
/// and neighbouring samples are alike; convoys let several wait at once. A closed loop: clients
/// whose transactions wait send no others, and the open ones pile up. The level of an incident is
/// the share of transactions that wait for what went wrong, on top of what is normal, while nothing
/// is shed. Blocking dynamics are modelled, not recorded: trust the comparison of two policies more
/// than one's figures.
struct LockContentionParameters {
  int least_open = 6;  ///< open transactions wander between the two …
  int most_open = 24;
  Duration load_memory = std::chrono::seconds{10};  ///< … and forget in this time where they were
  double base_ratio = 0.07;
  Duration wait = std::chrono::seconds{1};  ///< mean of one wait
  double convoys_per_hour = 200;
  double convoy_share = 0.16;  ///< of open transactions, at most
  Duration convoy_wait = std::chrono::seconds{3};
  // What each class has in the transactions that begin to wait: shedding it takes that away. All of
  // them leave 0.35.
  double rebuildable = 0.25;
  double batch = 0.25;
  double non_critical = 0.15;
  friend bool operator==(const LockContentionParameters&,
                         const LockContentionParameters&) = default;
};

class LockContention : public Plant {
 public:
  LockContention(const LockContentionParameters& parameters, Random random);

  std::string kind() const override { return "lock_contention"; }
  Controlled controlled() const override { return {"blocked ratio", 0.20}; }
  Result<void> advance(Duration step, const std::vector<Incident>& active,
                       const LeversInForce& levers) override;
  const std::vector<Sample>& samples() const override { return samples_; }
  PlantTruth truth() const override { return truth_; }
  std::vector<Quantity> quantities() const override;

 private:
  struct Waits {
    double row = 0;       ///< share of transactions that waits for rows, in the long run
    double relation = 0;  ///< the same for whole tables: DDL
  };
  void open_transactions(double seconds, const Waits& waits);
  Waits demanded(const std::vector<Incident>& active, double left) const;
  int moved(int waiting, int running, double share, double seconds);
  void convoy(double seconds, double left);

  LockContentionParameters parameters_;
  Random random_;
  double wander_ = 0;  ///< of the load around the middle, in standard deviations
  int open_ = 0;
  int row_ = 0;
  int relation_ = 0;
  int in_convoy_ = 0;
  std::vector<Sample> samples_;
  PlantTruth truth_;
};

}  // namespace homeostat
