// SPDX-License-Identifier: Apache-2.0
// Zones that share an application's workers: one that does not answer takes them from the others.
#pragma once

#include <vector>

#include "controller/simulator/plant.hpp"
#include "controller/simulator/random.hpp"

namespace homeostat {

/// Requests come evenly for all zones, and the same workers serve them. A request to a zone that
/// does not answer holds its worker until it times out, and when more workers are needed than there
/// are, each zone gets the same share of what it needs. The lever `zone` turns a zone's requests,
/// or those of all zones of a node, away at once, but for a share: they hold nobody. Zones lie on
/// nodes in blocks. The level of an incident is the share of requests to a zone that are not
/// answered.
struct ZonesParameters {
  int nodes = 4;
  int zones = 8;
  double requests_per_second = 2000;
  Duration service = std::chrono::milliseconds{10};
  Duration timeout = std::chrono::seconds{2};
  int workers = 100;
  friend bool operator==(const ZonesParameters&, const ZonesParameters&) = default;
};

class Zones : public Plant {
 public:
  Zones(const ZonesParameters& parameters, Random random);

  std::string kind() const override { return "zones"; }
  Controlled controlled() const override { return {"workers needed, of those there are", 1}; }
  Result<void> advance(Duration step, const std::vector<Incident>& active,
                       const LeversInForce& levers) override;
  const std::vector<Sample>& samples() const override { return samples_; }
  PlantTruth truth() const override { return truth_; }
  std::vector<Quantity> quantities() const override;
  std::map<Subject, Subject> holders() const override { return holders_; }

 private:
  std::vector<double> failing(const std::vector<Incident>& active) const;
  double let_in(std::size_t zone, const LeversInForce& levers) const;

  ZonesParameters parameters_;
  Random random_;
  std::vector<Subject> zones_;
  std::map<Subject, Subject> holders_;
  int isolated_ = 0;  ///< zones, at the last step
  std::vector<Sample> samples_;
  PlantTruth truth_;
};

}  // namespace homeostat
