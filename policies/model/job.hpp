// SPDX-License-Identifier: Apache-2.0
// Jobs: work that is started at its time, takes as long as it takes, and ends by itself. What makes
// a policy one, what is known of one that runs, and what is remembered of its runs.
//
// A run is what one start brings about. It may be stopped and resumed: it has parts then.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policies/model/subject.hpp"
#include "policies/model/time.hpp"
#include "policies/model/time_interval.hpp"

namespace homeostat {

/// How much one part of a run may use before it is stopped.
struct JobBudget {
  std::optional<Duration> time;  ///< since it is reported to run; until then, since its start
  std::optional<double> bytes;   ///< moved
  friend bool operator==(const JobBudget&, const JobBudget&) = default;
};

/// Of kind job. What is to be done is the policy's only act; the conditions `when` and `early` are
/// the arms of `Policy::open`, those of `early` marked as such.
struct Job {
  std::vector<TimeInterval> windows;      ///< when it may start; none: at any time
  std::vector<TimeInterval> resume;       ///< when a stopped run may go on; none: it does not
  std::optional<Duration> at_most_every;  ///< between two starts; what is early need not wait
  bool early_needs_all = false;           ///< how the arms of `early` combine: all, not any
  JobBudget budget;                       ///< of each part
  std::optional<Duration> deadline;       ///< of each part, since its start, whatever is reported
  Duration cooldown{};                    ///< from the end of a run to the next start
  bool needs_approval = false;            ///< a person has to say yes to each run (homeostat ack)
  friend bool operator==(const Job&, const Job&) = default;
};

/// What the one who carries it out says of the newest job on a lever's target.
enum class JobPhase {
  running,
  finished,  ///< all that there was to do is done
  stopped,   ///< before that, and not because it went wrong
  failed,
};

struct JobProgress {
  JobPhase phase = JobPhase::running;
  TimePoint started{};           ///< when it really began to run
  double bytes_done = 0;         ///< moved since then
  std::optional<Duration> left;  ///< predicted until it is finished; a guess, never a promise
  std::string why = {};          ///< of one that failed or was stopped; empty: nobody has said
  friend bool operator==(const JobProgress&, const JobProgress&) = default;
};

/// A start that was refused is tried again at the latest after this.
inline constexpr Duration kLongestBetweenStarts = std::chrono::seconds{30};

/// A job that was ordered and has not begun: whoever is to carry it out says no, and is asked
/// again.
struct NotStarted {
  TimePoint since{};  ///< the first try
  int tries = 0;      ///< all in vain
  std::string why;    ///< the newest was, for people
  friend bool operator==(const NotStarted&, const NotStarted&) = default;
};

/// What one part of a job has moved: what the budget of all jobs counts.
struct MovedBytes {
  std::string policy;
  Subject subject;
  TimePoint part{};  ///< when that part was ordered
  TimePoint at{};    ///< when it was last seen to move any
  double bytes = 0;
  friend bool operator==(const MovedBytes&, const MovedBytes&) = default;
};

/// Why a part has ended before the job was finished.
enum class JobStop {
  none,           ///< it has not
  time_budget,    ///< budget.time is used up
  byte_budget,    ///< budget.bytes is
  bytes_per_day,  ///< what all jobs together may move in a day is
  deadline,
  blocked,  ///< a policy of blocked_while has opened
  outside,  ///< somebody else has stopped it
};

/// What must survive a restart of a job's runs. Whether it runs or is stopped, and since when, is
/// in the PolicyMemory: open is running (`opened` is the start of the part), half_open is stopped
/// (`changed` is when).
struct JobMemory {
  std::optional<TimePoint> started;  ///< the newest run; nothing: never
  std::optional<TimePoint> ended;    ///< the newest run that is over
  bool failed = false;               ///< the newest run that is over went wrong
  JobStop stop = JobStop::none;      ///< why the newest part was stopped
  double bytes_done = 0;             ///< by the parts of the newest run that are over
  /// Of one that needs approval: what was said until then is no yes to its next run. Its newest
  /// start, or since when this text of it is followed.
  std::optional<TimePoint> approvals_from = {};
  /// What stands for `trigger` among the arguments of the newest run, until it is over: what
  /// tripped when it was started (LeverTraits::by_trigger). Empty: nothing does.
  std::string chosen = {};
  friend bool operator==(const JobMemory&, const JobMemory&) = default;
};

/// How a job stands after an evaluation, for people.
struct JobStatus {
  JobStop stop = JobStop::none;     ///< why the newest part was stopped
  bool failed = false;              ///< the newest run that is over went wrong
  double bytes_done = 0;            ///< by the whole of the newest run
  std::optional<Duration> ran;      ///< the part under way
  std::optional<Duration> left;     ///< predicted until it is finished
  bool waits_for_approval = false;  ///< and for nothing else
  std::string chosen = {};          ///< as JobMemory's
  /// The newest part was ordered and has not begun, or ended before it had.
  std::optional<NotStarted> not_started = {};
  std::string why = {};  ///< the newest run failed, or somebody else stopped it; empty: unknown
  friend bool operator==(const JobStatus&, const JobStatus&) = default;
};

std::string_view to_text(JobPhase phase);
std::optional<JobPhase> parse_job_phase(std::string_view text);
std::string_view to_text(JobStop stop);
std::optional<JobStop> parse_job_stop(std::string_view text);

}  // namespace homeostat
