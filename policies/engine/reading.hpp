// SPDX-License-Identifier: Apache-2.0
// What is known of a signal about a subject at one step: its own newest sample, judged by its age,
// or for the cluster what its members' samples make together.
#pragma once

#include <optional>
#include <string_view>

#include "policies/model/policy.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat {

struct SignalReading {
  Quality quality = Quality::absent;
  AbsentReason reason = AbsentReason::never_sampled;
  double numerator = 0;
  double denominator = 1;
  std::optional<TimePoint> taken;  ///< of the oldest sample that it is made of
  friend bool operator==(const SignalReading&, const SignalReading&) = default;
};

/// The value; nothing when empty or absent.
std::optional<double> value_of(const SignalReading& reading);

/// Where nodes are measured (`first` is the kind of the first subject), what is measured of their
/// zones is a part of the same, and no member of the cluster beside them.
bool is_part(SubjectKind first, SubjectKind other);

/// The sample says that the server is not the one (or not the start) that was measured before.
bool is_of_another_server(const Sample& sample);

/// The same of what a signal about a subject is made of: its own sample, or for the cluster any of
/// its members'.
bool server_changed(const Snapshot& snapshot, std::string_view signal, const Subject& subject);

/// A ratio or a gauge; a signal that the set does not describe counts as a gauge.
SignalShape shape_of(const PolicySet& set, std::string_view signal);

/// How several subjects become one: as `written`, or when that is automatic, a ratio pools and of
/// anything else the worst counts: the highest, or the lowest where low is `bad`.
Aggregate aggregate_for(Aggregate written, SignalShape shape, Comparison bad);

/// A sample older than `stale_after` is absent (stale), and so is one that is not finite. When
/// there is no sample about the cluster itself, those of its members (nodes, or zones …) stand for
/// it: absent (partial) when half or more of them are absent, otherwise made of those present: a
/// ratio pools numerators and denominators, a gauge takes its highest, unless `aggregate` says
/// otherwise.
SignalReading read_signal(const PolicySet& set, const Snapshot& snapshot, std::string_view signal,
                          const Subject& subject, Aggregate aggregate, TimePoint now);

}  // namespace homeostat
