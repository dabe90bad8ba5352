// SPDX-License-Identifier: Apache-2.0
// A model of what is controlled. README.md says how to add one.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/simulator/findings.hpp"
#include "controller/simulator/incident.hpp"
#include "controller/simulator/levers_in_force.hpp"
#include "policies/model/error.hpp"
#include "policies/model/job.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/sample.hpp"

namespace homeostat {

/// How things really are, which no sample shows whole: what scoring needs. Shares are 0..1.
struct PlantTruth {
  double critical = 1;      ///< share of the critical demand that is served as it should be
  double non_critical = 1;  ///< the same of what can wait; what is shed is not served
  double controlled = 0;    ///< the quantity that the loop is to keep within its limit
};

/// The quantity of `PlantTruth::controlled`.
struct Controlled {
  std::string name;  ///< with its unit: `blocked ratio`, `latency p99 in seconds`
  double limit = 0;  ///< above it the plant is in trouble
};

/// A quantity of the plant's inside, for people and charts.
using Quantity = std::pair<std::string, double>;

/// Something that invariant checks found without running anything.
struct PlantFinding {
  int invariant = 0;  ///< its number in the list of invariants (README.md)
  std::string text;   ///< with its numbers
};

/// Deterministic: a seed, fixed sub-steps, no clock. Owns nothing outside itself.
class Plant {
 public:
  virtual ~Plant() = default;

  virtual std::string kind() const = 0;
  virtual Controlled controlled() const = 0;

  /// Goes on by `step` (1 s) while `active` goes wrong and `levers` stand. An Error
  /// (`invalid_input`) when the model leaves the range in which it means something.
  virtual Result<void> advance(Duration step, const std::vector<Incident>& active,
                               const LeversInForce& levers) = 0;

  /// What probes would measure now, in order of (signal, subject): always the same ones. `taken` is
  /// the sensor's business.
  virtual const std::vector<Sample>& samples() const = 0;
  virtual PlantTruth truth() const = 0;
  virtual std::vector<Quantity> quantities() const { return {}; }

  /// The node that each of its zones is on.
  virtual std::map<Subject, Subject> holders() const { return {}; }

  /// What is said of the newest job on each target that has had one.
  virtual std::map<LeverKey, JobProgress> jobs() const { return {}; }

  /// Whether the policy is about what goes wrong there, and should notice it.
  virtual bool concerns(const Incident& /*incident*/, const Policy& /*policy*/) const {
    return true;
  }

  /// Whether what goes wrong there shows already: what does so slowly is no incident for policies
  /// before.
  virtual bool felt(const Incident& /*incident*/) const { return true; }

  /// Whether the last step was the first with another load, by the scenario and not by chance.
  virtual bool load_changed() const { return false; }

  /// What is wrong with the plant itself, as it was described.
  virtual std::vector<PlantFinding> findings() const { return {}; }

  /// Invariants of policies that only the plant can tell, with their numbers.
  virtual std::vector<InvariantFinding> check(const PolicySet& /*policies*/) const { return {}; }
};

/// A number of a plant that left its range; nothing when `value` is finite and at most `bound` from
/// zero. `time` is since the beginning of the run.
std::optional<Error> diverged(const Plant& plant, const std::string& quantity, double value,
                              double bound, Duration time);

}  // namespace homeostat
