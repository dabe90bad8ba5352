// SPDX-License-Identifier: Apache-2.0
// What happened between two times, to be drawn: signals, what policies came to, and in a simulation
// what went wrong and what the plant was like inside.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "controller/simulator/account.hpp"
#include "controller/simulator/envelope.hpp"
#include "controller/simulator/incident.hpp"
#include "controller/simulator/simulation.hpp"

namespace homeostat {

/// A policy about a subject; `side` tells two sets apart that were tried on the same recording.
struct TrackKey {
  std::string policy;
  Subject subject;
  std::string side;
  friend auto operator<=>(const TrackKey&, const TrackKey&) = default;
};

/// What it came to. Steps that move away from the baseline are +1 in `moves`, those back are -1.
struct Track {
  explicit Track(Duration slot) : rung(slot), state(slot), moves(slot), value(slot) {}

  PolicyKind kind = PolicyKind::breaker;
  int rungs = 0;   ///< of its ladder
  Envelope rung;   ///< the highest one taken; of an alert 1 while it fires
  Envelope state;  ///< 0 closed, 1 half open, 2 open; of an alert 2 while it fires
  Envelope moves;
  Envelope value;                        ///< of a regulator: where its lever stands
  std::map<std::size_t, Envelope> sums;  ///< of cusum, by the number of the arm
};

struct Trace {
  Duration from{};  ///< of the recording's own time: where the charts begin
  Duration length{};
  std::map<SignalName, std::map<Subject, Envelope>> signals;  ///< records of policies, too
  std::map<std::string, Envelope> inside;                     ///< the plant's quantities
  std::optional<Controlled> controlled;  ///< of the plant; its values are in …
  std::optional<Envelope> truth;         ///< … this
  std::optional<Envelope> critical;      ///< share of the demand that is served
  std::optional<Envelope> non_critical;
  std::map<TrackKey, Track> tracks;
  std::vector<Incident> incidents;  ///< on the recording's own time, by their beginning
  std::vector<Action> actions;      ///< in order of time; `wall` is the recording's own time
  std::size_t more_actions = 0;     ///< that were left out: only the first kMostActions are kept
  static constexpr std::size_t kMostActions = 200;
};

/// Keeps what is seen between two times; of what came before only what still stands then.
class TraceRecorder {
 public:
  /// `slot`: how fine it may be at best. Times are the recording's own, and never decrease.
  /// `policies` must outlive this.
  TraceRecorder(const PolicySet& policies, Duration from, Duration until, Duration slot);

  void see(const SimulatedStep& step);
  void see(const std::vector<Sample>& samples, Duration at);
  /// `side`: empty for the policies that it was made with.
  void see(const std::vector<Verdict>& verdicts, const std::vector<Effect>& effects,
           const std::string& side, Duration at);

  /// Nothing was recorded for a while before: lines of signals must not hide it.
  void see_gap(Duration at);

  /// What was seen, up to `end` at the latest. Only once.
  Trace finish(Duration end);

 private:
  /// Since the newest verdict.
  struct Standing {
    Duration since{};
    double rung = 0;
    double state = 0;
    std::optional<double> value;
    std::map<std::size_t, double> sums;
  };
  bool within(Duration at) const { return at >= trace_.from && at < until_; }
  Track& track(const TrackKey& key);
  void see(const Verdict& verdict, const std::string& side, Duration at);
  void see_evidence(const Verdict& verdict, Standing& standing, Duration at);
  void settle(const TrackKey& key, Duration until);
  void note(Action action, double direction, const std::string& side);
  void see(const std::vector<Incident>& active);

  const PolicySet& policies_;
  Duration until_;
  Duration slot_;
  Trace trace_;
  std::map<TrackKey, Standing> standing_;
};

}  // namespace homeostat
