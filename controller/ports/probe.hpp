// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/error.hpp"
#include "policies/model/sample.hpp"
#include "policies/model/subject.hpp"

namespace homeostat {

/// A fact for people, beside the numbers: the root blocker's pid and role. Never decided upon.
struct Note {
  Subject subject;
  std::string key;  ///< `root_blocker`
  std::string text;
};

/// A number beside the samples, of a part of the subject that its labels name: the lag in one
/// topic. Of the newest reading, in /metrics only. Never decided upon.
struct Detail {
  Subject subject;
  std::string name;  ///< as a signal's: `kafka_topic_lag_events`
  std::map<std::string, std::string> labels;
  double value = 0;
};

/// Whom a probe found at the other end. Levers are set only on the server that was measured.
struct Identity {
  std::string server;  ///< empty: the subsystem has none
  friend bool operator==(const Identity&, const Identity&) = default;
};

/// What one call of sample() found.
struct Reading {
  std::vector<Sample> samples;
  std::vector<Note> notes;
  Identity identity;
  std::vector<Detail> details = {};
};

/// Observes one subsystem. Never decides, never writes.
class Probe {
 public:
  virtual ~Probe() = default;

  /// Stable name in logs, metrics and journal: `pg_locks`.
  virtual std::string_view name() const = 0;

  /// What its samples are about: `node/main`.
  virtual Subject subject() const = 0;

  /// Every signal it samples, without probe_up, which the supervisor makes from the outcome.
  virtual std::vector<SignalName> signals() const = 0;

  /// Subjects that are a part of that one, as zones are of a node: each gets a `probe_up` of its
  /// own, which is 0 while this probe gets no answer at all. An answer that is an error (a
  /// privilege that is missing) is one: what is dead is turned away, what cannot be measured is
  /// not.
  virtual std::vector<Subject> parts() const { return {}; }

  /// All or nothing: an Error, never a partial Reading, so that "zero" and "unknown" stay apart.
  /// Never called concurrently with itself. Must not block the thread. Ends by `deadline` (from the
  /// call), whatever the other side does. `now` stamps the samples: a probe holds no clock.
  /// A probe that lost its session reconnects by itself, with jittered back-off, inside later
  /// calls.
  [[nodiscard]] virtual boost::asio::awaitable<Result<Reading>> sample(TimePoint now,
                                                                       Duration deadline) = 0;
};

}  // namespace homeostat
