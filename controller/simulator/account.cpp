// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/account.hpp"

#include <algorithm>

#include "policies/engine/arm.hpp"

namespace homeostat {
namespace {

bool changes(Step step) {
  switch (step) {
    case Step::opened:
    case Step::climbed:
    case Step::restored:
    case Step::reopened:
    case Step::closed:
    case Step::adjusted:
    case Step::started:
    case Step::resumed:
    case Step::stopped:
    case Step::finished:
    case Step::failed:
    case Step::fired:
    case Step::resolved:
      return true;
    case Step::idle:
    case Step::blocked:
    case Step::holding:
    case Step::unknown:
      return false;
  }
  return false;
}

}  // namespace

Account::Account(const PolicySet& policies, int speed_up) : short_breach_(kShortBreach / speed_up) {
  for (const auto& policy : policies.policies) conditions_[policy.name] = policy.open;
}

void Account::forget_thresholds(const std::string& policy) { conditions_.erase(policy); }

bool Account::beyond(const Verdict& verdict) const {
  const auto found = conditions_.find(verdict.policy);
  if (found == conditions_.end()) return false;
  const auto& [combination, arms] = found->second;
  const auto breached = [&](const Arm& arm) {
    return std::any_of(verdict.evidence.begin(), verdict.evidence.end(), [&](const Evidence& seen) {
      ArmView view;
      view.judged = seen.judged;
      view.clear = seen.clear;
      view.rise = seen.rise;
      view.reading.quality = seen.quality;
      return seen.signal == arm.signal && beyond_threshold(arm, view);
    });
  };
  return combination == Combination::any ? std::any_of(arms.begin(), arms.end(), breached)
                                         : std::all_of(arms.begin(), arms.end(), breached);
}

void Account::pass_time(Track& track, Figures& figures, WallTime wall) {
  // A wall clock that was set back says nothing about how long it was.
  const auto passed = track.last ? std::max(wall - *track.last, Duration{}) : Duration{};
  track.last = wall;
  if (track.open) figures.degraded += passed;
  if (!track.breached) return;
  *figures.in_breach += passed;
  if (track.breach_since_opening) *track.breach_since_opening += passed;
}

void Account::add(const Verdict& verdict, WallTime wall) {
  const Key key{verdict.policy, verdict.subject};
  auto& track = tracks_[key];
  auto& figures = figures_[key];
  const bool known = conditions_.contains(verdict.policy);
  if (known && !figures.in_breach) {
    figures.in_breach = Duration{};
    figures.false_trips = 0;
  } else if (!known) {
    figures.in_breach.reset();
    figures.false_trips.reset();
    track.breached = false;
  }
  pass_time(track, figures, wall);
  track.breached = beyond(verdict);
  track.open = verdict.rung > 0 && verdict.kind != PolicyKind::job;
  switch (verdict.step) {
    case Step::opened:
      ++figures.openings;
      if (verdict.trips > 1) ++figures.flaps;
      track.breach_since_opening = Duration{};
      break;
    case Step::fired:
    case Step::started:
      ++figures.openings;
      break;
    case Step::climbed:
      ++figures.climbs;
      break;
    case Step::reopened:
      ++figures.flaps;
      break;
    case Step::closed:
      if (known && track.breach_since_opening && *track.breach_since_opening < short_breach_) {
        ++*figures.false_trips;
      }
      track.breach_since_opening.reset();
      break;
    default:
      break;
  }
  if (!changes(verdict.step)) return;
  const int rung = verdict.took > 0 ? verdict.took : verdict.rung;
  actions_.push_back({wall, verdict.policy, verdict.subject, verdict.mode, verdict.step, rung,
                      false, verdict.value});
}

void Account::add(const Effect& effect, WallTime wall) {
  if (effect.outcome != EffectOutcome::harmful) return;
  // Only what was enforced is judged.
  actions_.push_back(
      {wall, effect.policy, effect.subject, Mode::enforce, Step::restored, effect.rung, true});
}

}  // namespace homeostat
