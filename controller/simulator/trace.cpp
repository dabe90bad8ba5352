// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/trace.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {
namespace {

/// Away from the baseline, back to it, or (0) to another value; nothing when nothing changed.
std::optional<double> direction_of(Step step) {
  if (is_forward(step) || step == Step::fired) return 1;
  if (step == Step::restored || step == Step::closed || step == Step::resolved) return -1;
  if (step == Step::stopped || step == Step::finished || step == Step::failed) return -1;
  if (step == Step::adjusted) return 0;
  return std::nullopt;
}

double number_of(BreakerState state) {
  if (state == BreakerState::closed) return 0;
  return state == BreakerState::half_open ? 1 : 2;
}

Envelope& envelope(std::map<Subject, Envelope>& all, const Subject& subject, Duration slot) {
  return all.try_emplace(subject, slot).first->second;
}

}  // namespace

TraceRecorder::TraceRecorder(const PolicySet& policies, Duration from, Duration until,
                             Duration slot)
    : policies_(policies), until_(until), slot_(slot) {
  trace_.from = from;
}

Track& TraceRecorder::track(const TrackKey& key) {
  return trace_.tracks.try_emplace(key, slot_).first->second;
}

void TraceRecorder::see(const SimulatedStep& step) {
  const auto at = step.now.time_since_epoch();
  see(step.snapshot.samples, at);
  see(step.decision.verdicts, step.decision.effects, "", at);
  if (!within(at)) return;
  see(step.active);
  const auto place = at - trace_.from;
  for (const auto& [name, value] : step.plant.quantities()) {
    trace_.inside.try_emplace(name, slot_).first->second.add(place, value);
  }
  const auto truth = step.plant.truth();
  if (!trace_.controlled) {
    trace_.controlled = step.plant.controlled();
    trace_.truth.emplace(slot_);
    trace_.critical.emplace(slot_);
    trace_.non_critical.emplace(slot_);
  }
  trace_.truth->add(place, truth.controlled);
  trace_.critical->add(place, truth.critical);
  trace_.non_critical->add(place, truth.non_critical);
}

void TraceRecorder::see(const std::vector<Incident>& active) {
  auto& known = trace_.incidents;
  for (const auto& incident : active) {
    const bool there = std::any_of(known.rbegin(), known.rend(), [&](const Incident& other) {
      return other.begin == incident.begin && other.end == incident.end &&
             other.harmless == incident.harmless;
    });
    if (!there) known.push_back(incident);
  }
}

void TraceRecorder::see(const std::vector<Sample>& samples, Duration at) {
  if (!within(at)) return;
  for (const auto& sample : samples) {
    auto& values = envelope(trace_.signals[sample.signal], sample.subject, slot_);
    const auto value = value_of(sample);
    if (value) {
      values.add(at - trace_.from, *value);
    } else {
      values.add_gap(at - trace_.from);
    }
  }
}

void TraceRecorder::see_gap(Duration at) {
  if (!within(at)) return;
  for (auto& [signal, subjects] : trace_.signals) {
    for (auto& [subject, values] : subjects) values.add_gap(at - trace_.from);
  }
}

void TraceRecorder::see(const std::vector<Verdict>& verdicts, const std::vector<Effect>& effects,
                        const std::string& side, Duration at) {
  for (const auto& effect : effects) {
    if (effect.outcome != EffectOutcome::harmful) continue;
    note({WallTime{at}, effect.policy, effect.subject, Mode::enforce, Step::restored, effect.rung,
          true},
         -1, side);
  }
  for (const auto& verdict : verdicts) see(verdict, side, at);
}

void TraceRecorder::see(const Verdict& verdict, const std::string& side, Duration at) {
  const TrackKey key{verdict.policy, verdict.subject, side};
  settle(key, at);
  auto& seen = track(key);
  seen.kind = verdict.kind;
  seen.rungs = std::max(seen.rungs, verdict.rungs);
  auto& standing = standing_[key];
  standing.since = at;
  if (verdict.kind == PolicyKind::alert) {
    if (verdict.step == Step::fired) standing.state = 2;
    if (verdict.step == Step::resolved) standing.state = 0;
    standing.rung = standing.state > 0 ? 1 : 0;
  } else {
    standing.rung = verdict.rung;
    standing.state = number_of(verdict.state);
  }
  standing.value = verdict.value;
  if (side.empty()) see_evidence(verdict, standing, at);
  const auto direction = direction_of(verdict.step);
  if (!direction) return;
  const int rung = verdict.took > 0 ? verdict.took : verdict.rung;
  note({WallTime{at}, verdict.policy, verdict.subject, verdict.mode, verdict.step, rung, false,
        verdict.value},
       *direction, side);
}

/// Sums of cusum, and what a record came to, which is among no samples.
void TraceRecorder::see_evidence(const Verdict& verdict, Standing& standing, Duration at) {
  const auto* policy = find_policy(policies_, verdict.policy);
  if (policy == nullptr) return;
  const auto& arms = policy->open.arms;
  for (std::size_t arm = 0; arm < std::min(arms.size(), verdict.evidence.size()); ++arm) {
    const auto& seen = verdict.evidence[arm];
    if (seen.cusum) standing.sums[arm] = *seen.cusum;
    if (arms[arm].record.empty() || !within(at)) continue;
    auto& values = envelope(trace_.signals[arms[arm].signal], verdict.subject, slot_);
    if (seen.judged) values.add(at - trace_.from, *seen.judged);
  }
}

void TraceRecorder::note(Action action, double direction, const std::string& side) {
  const auto at = action.wall.time_since_epoch();
  if (!within(at)) return;
  if (direction != 0) {
    track({action.policy, action.subject, side}).moves.add(at - trace_.from, direction);
  }
  if (!side.empty()) return;
  if (trace_.actions.size() < Trace::kMostActions) {
    trace_.actions.push_back(std::move(action));
  } else {
    ++trace_.more_actions;
  }
}

/// What stood since the verdict before goes into the slots.
void TraceRecorder::settle(const TrackKey& key, Duration until) {
  const auto found = standing_.find(key);
  if (found == standing_.end()) return;
  const auto& standing = found->second;
  const auto begin = standing.since - trace_.from;
  const auto end = std::min(until, until_) - trace_.from;
  auto& seen = track(key);
  seen.rung.hold(begin, end, standing.rung);
  seen.state.hold(begin, end, standing.state);
  if (standing.value) seen.value.hold(begin, end, *standing.value);
  for (const auto& [arm, sum] : standing.sums) {
    seen.sums.try_emplace(arm, slot_).first->second.hold(begin, end, sum);
  }
}

Trace TraceRecorder::finish(Duration end) {
  end = std::max(std::min(end, until_), trace_.from);
  for (const auto& [key, standing] : standing_) settle(key, end);
  trace_.length = end - trace_.from;
  const auto cover = [&](Envelope& values) { values.cover(trace_.length); };
  for (auto& [signal, subjects] : trace_.signals) {
    for (auto& [subject, values] : subjects) cover(values);
  }
  for (auto& [name, values] : trace_.inside) cover(values);
  for (auto* values : {&trace_.truth, &trace_.critical, &trace_.non_critical}) {
    if (*values) cover(**values);
  }
  for (auto& [key, seen] : trace_.tracks) {
    for (auto* values : {&seen.rung, &seen.state, &seen.moves, &seen.value}) cover(*values);
    for (auto& [arm, sum] : seen.sums) cover(sum);
  }
  return std::move(trace_);
}

}  // namespace homeostat
