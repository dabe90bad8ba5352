// SPDX-License-Identifier: Apache-2.0
// Everything decide() may know of the world at one step.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/job.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/sample.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

/// Why no forward act may be made at this step, whatever the policies say. Deciding
/// goes on, movement towards the baseline too; nothing climbs.
enum class ForwardBar {
  none,
  not_leader,        ///< another instance leads, or the lease is not confirmed
  ledger_lost,       ///< the ledger's home cannot be reached
  journal_unusable,  ///< the local disk is full or failed
  lease_flapping,    ///< leadership changed hands by force too often lately: nobody may act
  identity_changed,  ///< the server is another one than the lever was set on
  paused,            ///< an operator said so
  stopping,          ///< the daemon is on its way out
  storm_brake,       ///< too many acts lately: somebody must look and acknowledge it
};

/// All of them, in the order of the enumeration.
inline constexpr std::array kForwardBars{ForwardBar::none,           ForwardBar::not_leader,
                                         ForwardBar::ledger_lost,    ForwardBar::journal_unusable,
                                         ForwardBar::lease_flapping, ForwardBar::identity_changed,
                                         ForwardBar::paused,         ForwardBar::stopping,
                                         ForwardBar::storm_brake};

/// What pauses and acknowledgements are about: everything, or one policy by its name.
inline constexpr std::string_view kClusterScope = "cluster";
std::string policy_scope(std::string_view policy);

/// An operator has looked at what stopped, and lets it go on (`homeostat ack`).
struct Acknowledgement {
  /// `cluster`: the storm brake; `policy/NAME`: what holds that in shadow, and of a job that needs
  /// approval the yes to its next run.
  std::string scope;
  TimePoint at{};
  friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};

struct Snapshot {
  /// The newest sample of each signal and subject, in order of (signal, subject). A sample stands
  /// here until a newer one replaces it; decide() judges its age.
  std::vector<Sample> samples;
  ForwardBar bar = ForwardBar::none;
  /// For windows of time only; everything else counts on the monotonic line. It may be set back.
  /// Before 2000: the clock was never set, and no job starts.
  WallTime wall{};
  std::vector<std::string> paused;  ///< policies that an operator has paused, in order of name
  std::vector<Acknowledgement> acks = {};           ///< the newest of each scope
  std::map<LeverKey, JobProgress> jobs = {};        ///< the newest on each target that has had one
  std::map<LeverKey, NotStarted> not_started = {};  ///< what was ordered and is not carried out yet
  /// By levers, whatever the policy, within the last hour, as the ledger has counted them.
  int sessions_ended = 0;
};

/// What bars a policy's forward acts: `bar`, or its own pause.
ForwardBar bar_for(const Snapshot& snapshot, std::string_view policy);

std::string_view to_text(ForwardBar bar);
std::optional<ForwardBar> parse_forward_bar(std::string_view text);

/// Replaces the sample of the same signal and subject, or adds it in order.
void put(Snapshot& snapshot, Sample sample);

/// The newest sample, or nullptr.
const Sample* find(const Snapshot& snapshot, std::string_view signal, const Subject& subject);

}  // namespace homeostat
