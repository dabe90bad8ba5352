// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "controller/simulator/account.hpp"
#include "controller/simulator/discrimination.hpp"
#include "controller/simulator/interlocks.hpp"
#include "controller/simulator/lever_lag.hpp"
#include "controller/simulator/plants.hpp"
#include "controller/simulator/policy_watch.hpp"
#include "controller/simulator/service_watch.hpp"
#include "policies/engine/interlocks.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

constexpr Duration kStep = std::chrono::seconds{1};
constexpr double kBound = 1e9;  // of anything that is measured

enum Stream : std::uint64_t { incident_stream = 2, sensor_stream = 3 };

class Run {
 public:
  Run(const Scenario& scenario, const PolicySet& policies, int run);
  Result<RunScore> run(const Watch& watch);

 private:
  void change_conditions();
  void incident_ends(const Incident& incident);
  void incident_begins(const Incident& incident);
  void tell_policies();
  const Snapshot& observe();
  std::optional<Error> divergence() const;
  void score(const std::vector<Verdict>& verdicts);
  RunScore finish();

  const Scenario& scenario_;
  const PolicySet& policies_;
  std::unique_ptr<Plant> plant_;
  Sensor sensor_;
  LeverLag lever_lag_;
  std::vector<Incident> incidents_;  ///< to come, the next one last
  std::vector<Incident> active_;
  std::optional<Incident> unfelt_;  ///< that policies are still to be told of
  TimePoint now_{};
  Account account_;
  std::map<std::string, PolicyWatch> watches_;
  ServiceWatch service_;
  Discrimination discrimination_;
  InterlockWatch interlocks_;
};

Run::Run(const Scenario& scenario, const PolicySet& policies, int run)
    : scenario_(scenario),
      policies_(policies),
      plant_(make_plant(scenario.plant, scenario.seed + static_cast<std::uint64_t>(run))),
      sensor_(scenario.sensor,
              Random(scenario.seed + static_cast<std::uint64_t>(run), sensor_stream)),
      lever_lag_(scenario.lag),
      account_(policies, 1),
      service_(plant_->controlled().limit),
      discrimination_(policies),
      interlocks_(policies) {
  incidents_ = incidents_of(scenario, run);
  std::reverse(incidents_.begin(), incidents_.end());
  for (const auto& policy : policies.policies) watches_.emplace(policy.name, PolicyWatch(policy));
}

void Run::incident_begins(const Incident& incident) {
  unfelt_ = incident;
  tell_policies();
  service_.incident_begins(now_);
}

void Run::tell_policies() {
  if (!unfelt_ || !plant_->felt(*unfelt_)) return;
  for (const auto& policy : policies_.policies) {
    if (plant_->concerns(*unfelt_, policy)) watches_.at(policy.name).incident_begins(now_);
  }
  unfelt_.reset();
}

void Run::incident_ends(const Incident& incident) {
  unfelt_.reset();
  for (const auto& policy : policies_.policies) {
    if (plant_->concerns(incident, policy)) watches_.at(policy.name).incident_ends(now_);
  }
  service_.incident_ends(now_);
}

/// What is known at this step.
const Snapshot& Run::observe() {
  auto& snapshot = sensor_.read(plant_->samples(), now_);
  snapshot.wall = scenario_.begins + now_.time_since_epoch();
  snapshot.jobs = plant_->jobs();
  return snapshot;
}

/// Incidents that begin or end at this step.
void Run::change_conditions() {
  const auto over = [&](const Incident& incident) { return incident.end <= now_; };
  const auto ended = std::find_if(active_.begin(), active_.end(), [&](const Incident& incident) {
    return over(incident) && !incident.harmless;
  });
  bool changed = false;
  if (ended != active_.end()) {
    incident_ends(*ended);
  }
  changed = std::erase_if(active_, over) > 0;
  while (!incidents_.empty() && incidents_.back().begin <= now_) {
    active_.push_back(std::move(incidents_.back()));
    incidents_.pop_back();
    changed = true;
    if (active_.back().harmless) continue;
    incident_begins(active_.back());
  }
  if (!changed) return;
  for (auto& [name, watch] : watches_) watch.conditions_change();
}

std::optional<Error> Run::divergence() const {
  const auto time = now_.time_since_epoch();
  for (const auto& sample : plant_->samples()) {
    if (auto error = diverged(*plant_, sample.signal, sample.numerator, kBound, time)) return error;
  }
  const auto controlled = plant_->truth().controlled;
  return diverged(*plant_, plant_->controlled().name, controlled, kBound, time);
}

void Run::score(const std::vector<Verdict>& verdicts) {
  const WallTime wall{now_.time_since_epoch()};
  for (const auto& verdict : verdicts) {
    account_.add(verdict, wall);
    watches_.at(verdict.policy).see(verdict);
    discrimination_.see(verdict, active_.empty());
  }
  for (auto& [name, watch] : watches_) watch.pass(kStep);
}

RunScore Run::finish() {
  RunScore result;
  result.simulated = scenario_.duration;
  for (auto& [name, watch] : watches_) {
    auto& score = result.policies[name];
    score = watch.finish(now_);
    for (const auto& [key, figures] : account_.figures()) {
      if (key.first != name) continue;
      score.openings += figures.openings;
      score.flaps += figures.flaps;
      score.degraded += figures.degraded;
    }
    if (!score.period) continue;
    add(result.findings, {1, Severity::failure, name, watch.limit_cycle(*score.period)});
  }
  result.service = service_.finish();
  for (auto& finding : discrimination_.findings()) add(result.findings, std::move(finding));
  for (const auto& finding : interlocks_.findings()) add(result.findings, finding);
  return result;
}

Result<RunScore> Run::run(const Watch& watch) {
  EngineState state;
  const auto end = TimePoint{} + scenario_.duration;
  while (now_ < end) {
    now_ += kStep;
    change_conditions();
    const auto& levers = lever_lag_.at(now_);
    const auto advanced = plant_->advance(kStep, active_, levers);
    if (!advanced.has_value()) return advanced.error();
    tell_policies();
    if (plant_->load_changed()) {
      for (auto& [name, policy_watch] : watches_) policy_watch.conditions_change();
    }
    if (auto error = divergence()) return *std::move(error);
    const auto& snapshot = observe();
    auto decision = decide(policies_, snapshot, std::move(state), now_);
    lever_lag_.command(decision.desired, held_levers(policies_, snapshot, decision.state), now_);
    interlocks_.see(snapshot, decision, lever_lag_.commanded());
    score(decision.verdicts);
    service_.see(plant_->truth(), now_);
    if (watch) watch({now_, *plant_, active_, snapshot, decision, levers});
    state = std::move(decision.state);
  }
  auto result = finish();
  result.braked = state.braked;
  return result;
}

}  // namespace

Result<RunScore> simulate(const Scenario& scenario, const PolicySet& policies, int run,
                          const Watch& watch) {
  return Run(scenario, policies, run).run(watch);
}

std::vector<Incident> incidents_of(const Scenario& scenario, int run) {
  Random random(scenario.seed + static_cast<std::uint64_t>(run), incident_stream);
  return schedule(scenario.incidents, scenario.duration, random);
}

}  // namespace homeostat
