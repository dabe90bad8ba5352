// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/folds.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>

#include "policies/engine/reading.hpp"

namespace homeostat {
namespace {

bool counts(const Sample& sample, const EngineSettings& settings, TimePoint now) {
  if (sample.quality == Quality::absent) return false;
  if (!std::isfinite(sample.numerator) || !std::isfinite(sample.denominator)) return false;
  return now - sample.taken <= settings.stale_after;
}

void discard(SignalMemory& memory) {
  memory.filling.reset();
  memory.ended.reset();
}

void pool(SignalMemory& memory, const Sample& sample, std::int64_t current, Duration fold) {
  if (memory.last_taken && sample.taken <= *memory.last_taken) return;
  memory.last_taken = sample.taken;
  auto number = std::min(fold_number(sample.taken, fold), current);
  if (memory.ended && number <= memory.ended->number) number = current;
  if (memory.filling && memory.filling->number < number) {
    memory.ended = memory.filling;
    memory.filling.reset();
  }
  if (!memory.filling) memory.filling = Fold{number, 0, 0, 0};
  auto& filling = *memory.filling;
  ++filling.readings;
  if (sample.quality != Quality::whole) return;
  filling.numerator += sample.numerator;
  filling.denominator += sample.denominator;
}

void pool_signal(EngineState& state, const PolicySet& set, const Snapshot& snapshot,
                 std::string_view signal, TimePoint now) {
  const auto fold = set.settings.fold;
  const auto current = fold_number(now, fold);
  const auto& samples = snapshot.samples;
  auto at = std::lower_bound(
      samples.begin(), samples.end(), signal,
      [](const Sample& sample, std::string_view name) { return sample.signal < name; });
  for (; at != samples.end() && at->signal == signal; ++at) {
    // An absent member has a memory too: it counts among the members of the cluster.
    auto& memory = state.signals[{at->signal, at->subject}];
    if (is_of_another_server(*at)) discard(memory);
    if (counts(*at, set.settings, now)) pool(memory, *at, current, fold);
  }
}

/// What somebody folds, each once: many policies about one signal must not read it many times.
std::set<std::string_view> folded_signals(const PolicySet& set) {
  std::set<std::string_view> signals;
  for (const auto& policy : set.policies) {
    for (const auto& arm : policy.open.arms) {
      const bool folds = std::holds_alternative<CusumTest>(arm.test) ||
                         std::holds_alternative<TrendTest>(arm.test);
      if (folds) signals.insert(arm.signal);
    }
    if (policy.expect) signals.insert(policy.expect->signal);
  }
  return signals;
}

void adopt_length(EngineState& state, Duration fold) {
  if (state.fold == fold) return;
  state.fold = fold;
  for (auto& [key, memory] : state.signals) discard(memory);
  for (auto& [key, runtime] : state.policies) {
    runtime.seen_fold = -1;
    for (auto& arm : runtime.arms) {
      arm.stepped_fold = -1;
      arm.window.clear();
      arm.history.clear();
    }
  }
}

double raw_ratio(const Fold& fold) {
  return fold.denominator > 0 ? fold.numerator / fold.denominator : 0;
}

void merge(Fold& total, const Fold& part, Aggregate aggregate) {
  if (aggregate == Aggregate::max || aggregate == Aggregate::min) {
    const bool higher = raw_ratio(part) > raw_ratio(total);
    if (higher == (aggregate == Aggregate::max)) total = part;
    return;
  }
  total.numerator += part.numerator;
  total.denominator += part.denominator;
  total.readings += part.readings;
}

}  // namespace

std::int64_t fold_number(TimePoint at, Duration fold) {
  const auto ticks = at.time_since_epoch().count();
  const auto number = ticks / fold.count();
  return ticks % fold.count() < 0 ? number - 1 : number;
}

void pool_samples(EngineState& state, const PolicySet& set, const Snapshot& snapshot,
                  TimePoint now) {
  adopt_length(state, set.settings.fold);
  for (const auto signal : folded_signals(set)) pool_signal(state, set, snapshot, signal, now);
  std::erase_if(state.signals, [&](const auto& entry) {
    return find(snapshot, entry.first.first, entry.first.second) == nullptr;
  });
  const auto current = fold_number(now, set.settings.fold);
  for (auto& [key, memory] : state.signals) {
    if (!memory.filling || memory.filling->number >= current) continue;
    memory.ended = memory.filling;
    memory.filling.reset();
  }
}

std::optional<Fold> ended_fold(const EngineState& state, const std::string& signal,
                               const Subject& subject, Aggregate aggregate) {
  const auto own = state.signals.find({signal, subject});
  if (own != state.signals.end()) return own->second.ended;
  std::optional<Fold> total;
  for (const auto& [member, fold] : ended_folds(state, signal, subject)) {
    if (total) {
      merge(*total, fold, aggregate);
    } else {
      total = fold;
    }
  }
  return total;
}

std::vector<std::pair<Subject, Fold>> ended_folds(const EngineState& state,
                                                  const std::string& signal,
                                                  const Subject& subject) {
  std::vector<std::pair<Subject, Fold>> folds;
  const auto own = state.signals.find({signal, subject});
  if (own != state.signals.end()) {
    if (own->second.ended) folds.emplace_back(subject, *own->second.ended);
    return folds;
  }
  if (subject.kind != SubjectKind::cluster) return folds;
  std::size_t members = 0;
  auto at = state.signals.lower_bound({signal, Subject{}});
  const auto first = at;
  for (; at != state.signals.end() && at->first.first == signal; ++at) {
    if (is_part(first->first.second.kind, at->first.second.kind)) break;
    ++members;
    const auto& ended = at->second.ended;
    if (!ended || (!folds.empty() && ended->number < folds.back().second.number)) continue;
    if (!folds.empty() && ended->number > folds.back().second.number) folds.clear();
    folds.emplace_back(at->first.second, *ended);
  }
  if (2 * folds.size() <= members) folds.clear();
  return folds;
}

}  // namespace homeostat
