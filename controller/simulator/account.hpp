// SPDX-License-Identifier: Apache-2.0
// What a run of policies came to: the actions and the figures that people judge a policy by.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policies/model/policy.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// Something that changed: by a verdict (opened, climbed, re-opened, restored, closed, adjusted,
/// started, resumed, stopped, finished, failed, fired, resolved), or by the judgement of an act
/// that did harm, which is given back without a verdict.
struct Action {
  WallTime wall{};
  std::string policy;
  Subject subject;
  Mode mode = Mode::shadow;
  Step step = Step::idle;
  int rung = 0;          ///< that was taken, or given back for harm; otherwise the highest one left
  bool harmful = false;  ///< given back (`restored`) at once, because it did harm
  std::optional<double> value = {};  ///< of a regulator: where its lever was set
  friend bool operator==(const Action&, const Action&) = default;
};

/// Of one policy about one subject. Times run from one verdict to the next.
struct Figures {
  int openings = 0;     ///< closed -> open (kind alert: fired, kind job: started)
  int climbs = 0;       ///< further rungs
  int flaps = 0;        ///< re-openings, and openings so soon after a close that the hold grew
  Duration degraded{};  ///< while a rung was taken; of a job never
  // Nothing where the policy's thresholds are not known.
  std::optional<int> false_trips;     ///< openings with less than kShortBreach of breach after them
  std::optional<Duration> in_breach;  ///< while the signals were beyond the thresholds of `open`
  friend bool operator==(const Figures&, const Figures&) = default;
};

/// An opening whose breach lasted less than this afterwards was about nothing. Only meaningful
/// where what the policy does was not done (shadow, or another recording): otherwise a breach that
/// ended soon may be the success of the act.
inline constexpr Duration kShortBreach = std::chrono::seconds{30};

/// Keeps the account of one policy set, or of what a journal recorded.
class Account {
 public:
  using Key = std::pair<std::string, Subject>;

  /// The policies whose thresholds say what a breach is. `speed_up` divides kShortBreach as it
  /// divides the policies' times.
  Account(const PolicySet& policies, int speed_up);

  /// What was recorded of this policy was decided by another text than the one given here.
  void forget_thresholds(const std::string& policy);

  /// Verdicts and judgements in the order in which they were given: in a step, judgements first.
  void add(const Verdict& verdict, WallTime wall);
  void add(const Effect& effect, WallTime wall);

  const std::vector<Action>& actions() const { return actions_; }
  const std::map<Key, Figures>& figures() const { return figures_; }

 private:
  struct Track {
    std::optional<WallTime> last;
    bool breached = false;
    bool open = false;
    std::optional<Duration> breach_since_opening;  ///< nothing: not open
  };
  bool beyond(const Verdict& verdict) const;
  void pass_time(Track& track, Figures& figures, WallTime wall);

  std::map<std::string, Condition> conditions_;
  Duration short_breach_;
  std::map<Key, Track> tracks_;
  std::map<Key, Figures> figures_;
  std::vector<Action> actions_;
};

}  // namespace homeostat
