// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/zones.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {

Zones::Zones(const ZonesParameters& parameters, Random random)
    : parameters_(parameters), random_(std::move(random)) {
  for (int zone = 0; zone < parameters.zones; ++zone) {
    const int node = zone * parameters.nodes / parameters.zones;
    zones_.push_back({SubjectKind::zone, std::to_string(zone)});
    holders_.insert({zones_.back(), {SubjectKind::node, std::to_string(node)}});
    samples_.push_back(gauge("probe_up", zones_.back(), 1, {}));
  }
  std::sort(samples_.begin(), samples_.end(),
            [](const Sample& a, const Sample& b) { return a.subject < b.subject; });
}

/// The share of requests to each zone that are not answered. Which one an incident is about depends
/// on when it began: all of them have their turn.
std::vector<double> Zones::failing(const std::vector<Incident>& active) const {
  std::vector<double> shares(zones_.size(), 0);
  for (const auto& incident : active) {
    const auto second = static_cast<std::size_t>(to_seconds(incident.begin.time_since_epoch()));
    const auto first = second % zones_.size();
    for (std::size_t zone = 0; zone < zones_.size(); ++zone) {
      const bool same_node = holders_.at(zones_[zone]) == holders_.at(zones_[first]);
      const bool hit = incident.kind == "node" ? same_node : zone == first;
      if (hit) shares[zone] = std::max(shares[zone], incident.level);
    }
  }
  return shares;
}

/// The share of a zone's requests that the levers let in.
double Zones::let_in(std::size_t zone, const LeversInForce& levers) const {
  const auto of = [&levers](const Subject& subject) {
    return argument(levers, "zone", to_text(subject), "admit").value_or(1);
  };
  return std::min(of(zones_[zone]), of(holders_.at(zones_[zone])));
}

Result<void> Zones::advance(Duration /*step*/, const std::vector<Incident>& active,
                            const LeversInForce& levers) {
  const auto shares = failing(active);
  const double rate = parameters_.requests_per_second / static_cast<double>(zones_.size());
  double needed = 0;
  double sound = 0;     // zones in which nothing is wrong …
  double open = 0;      // … and which are let in
  double answered = 0;  // of the requests to all zones, in zones
  isolated_ = 0;
  for (std::size_t zone = 0; zone < zones_.size(); ++zone) {
    const double in = let_in(zone, levers);
    isolated_ += in < 1 ? 1 : 0;
    sound += shares[zone] <= 0 ? 1 : 0;
    open += shares[zone] <= 0 ? in : 0;
    answered += in * (1 - shares[zone]);
    needed += in * rate *
              (shares[zone] * to_seconds(parameters_.timeout) +
               (1 - shares[zone]) * to_seconds(parameters_.service));
  }
  const double served = std::min(1.0, parameters_.workers / std::max(needed, 1e-9));
  for (auto& sample : samples_) {
    const auto zone = std::find(zones_.begin(), zones_.end(), sample.subject) - zones_.begin();
    const double share = shares[static_cast<std::size_t>(zone)];
    sample.numerator = share > 0 && random_.uniform() < share ? 0 : 1;
  }
  truth_.critical = sound > 0 ? served * open / sound : 1;
  truth_.non_critical = served * answered / static_cast<double>(zones_.size());
  truth_.controlled = needed / parameters_.workers;
  return {};
}

std::vector<Quantity> Zones::quantities() const { return {{"zones_isolated", isolated_}}; }

}  // namespace homeostat
