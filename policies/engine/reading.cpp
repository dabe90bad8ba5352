// SPDX-License-Identifier: Apache-2.0
#include "policies/engine/reading.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace homeostat {
namespace {

SignalReading missing(AbsentReason reason, std::optional<TimePoint> taken = {}) {
  return {Quality::absent, reason, 0, 0, taken};
}

SignalReading judged(const Sample& sample, Duration stale_after, TimePoint now) {
  if (sample.quality == Quality::absent) return missing(sample.reason, sample.taken);
  if (!std::isfinite(sample.numerator) || !std::isfinite(sample.denominator)) {
    return missing(AbsentReason::not_a_number, sample.taken);
  }
  if (now - sample.taken > stale_after) return missing(AbsentReason::stale, sample.taken);
  if (sample.quality == Quality::whole && sample.denominator == 0) {
    return missing(AbsentReason::not_a_number, sample.taken);
  }
  return {sample.quality, AbsentReason::none, sample.numerator, sample.denominator, sample.taken};
}

void add(SignalReading& total, const SignalReading& part) {
  total.numerator += part.numerator;
  total.denominator += part.denominator;
}

/// Of whole readings, at least one. The sum of a gauge keeps its denominator 1.
SignalReading combined(const std::vector<SignalReading>& whole, bool is_ratio,
                       Aggregate aggregate) {
  const auto less = [](const SignalReading& a, const SignalReading& b) {
    return *value_of(a) < *value_of(b);
  };
  if (aggregate != Aggregate::sum) {
    return aggregate == Aggregate::min ? *std::min_element(whole.begin(), whole.end(), less)
                                       : *std::max_element(whole.begin(), whole.end(), less);
  }
  SignalReading total = whole.front();
  for (auto part = whole.begin() + 1; part != whole.end(); ++part) add(total, *part);
  if (!is_ratio) total.denominator = 1;
  return total;
}

SignalReading of_members(const std::vector<SignalReading>& members, bool is_ratio,
                         Aggregate aggregate) {
  if (members.empty()) return missing(AbsentReason::never_sampled);
  if (members.size() == 1) return members.front();
  std::vector<SignalReading> whole;
  std::size_t absent = 0;
  std::optional<TimePoint> oldest;
  for (const auto& member : members) {
    if (member.quality == Quality::absent) {
      ++absent;
      continue;
    }
    oldest = oldest ? std::min(*oldest, *member.taken) : *member.taken;
    if (member.quality == Quality::whole) whole.push_back(member);
  }
  if (2 * absent >= members.size()) return missing(AbsentReason::partial);
  if (whole.empty()) return {Quality::empty, AbsentReason::none, 0, 0, oldest};
  SignalReading total = combined(whole, is_ratio, aggregate);
  total.taken = oldest;
  return total;
}

/// A signal's samples, of all subjects that make up the cluster.
std::span<const Sample> members_of(const Snapshot& snapshot, std::string_view signal) {
  const auto begin = std::lower_bound(
      snapshot.samples.begin(), snapshot.samples.end(), signal,
      [](const Sample& sample, std::string_view name) { return sample.signal < name; });
  if (begin == snapshot.samples.end()) return {};
  const auto end = std::find_if(begin, snapshot.samples.end(), [&](const Sample& sample) {
    return sample.signal != signal || is_part(begin->subject.kind, sample.subject.kind);
  });
  return {begin, end};
}

}  // namespace

bool is_part(SubjectKind first, SubjectKind other) {
  return first == SubjectKind::node && other != SubjectKind::node;
}

bool is_of_another_server(const Sample& sample) {
  return sample.quality == Quality::absent && sample.reason == AbsentReason::identity_changed;
}

bool server_changed(const Snapshot& snapshot, std::string_view signal, const Subject& subject) {
  if (const Sample* own = find(snapshot, signal, subject)) return is_of_another_server(*own);
  if (subject.kind != SubjectKind::cluster) return false;
  const auto members = members_of(snapshot, signal);
  return std::any_of(members.begin(), members.end(), is_of_another_server);
}

std::optional<double> value_of(const SignalReading& reading) {
  if (reading.quality != Quality::whole) return std::nullopt;
  return reading.numerator / reading.denominator;
}

SignalShape shape_of(const PolicySet& set, std::string_view signal) {
  const auto at = set.signals.find(signal);
  return at == set.signals.end() ? SignalShape::gauge : at->second.shape;
}

Aggregate aggregate_for(Aggregate written, SignalShape shape, Comparison bad) {
  if (written != Aggregate::automatic) return written;
  if (shape == SignalShape::ratio) return Aggregate::sum;
  return bad == Comparison::below ? Aggregate::min : Aggregate::max;
}

SignalReading read_signal(const PolicySet& set, const Snapshot& snapshot, std::string_view signal,
                          const Subject& subject, Aggregate aggregate, TimePoint now) {
  const auto stale_after = set.settings.stale_after;
  if (const Sample* own = find(snapshot, signal, subject)) return judged(*own, stale_after, now);
  if (subject.kind != SubjectKind::cluster) return missing(AbsentReason::never_sampled);
  std::vector<SignalReading> members;
  for (const auto& sample : members_of(snapshot, signal)) {
    members.push_back(judged(sample, stale_after, now));
  }
  const auto shape = shape_of(set, signal);
  const auto resolved = aggregate_for(aggregate, shape, Comparison::above);
  return of_members(members, shape == SignalShape::ratio, resolved);
}

}  // namespace homeostat
