// SPDX-License-Identifier: Apache-2.0
// A policy as the engine sees it: every default filled in, every name resolved, every number in
// base units. Made by policies/loader from YAML; never changed while it runs.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "policies/model/canary.hpp"
#include "policies/model/error.hpp"
#include "policies/model/formula.hpp"
#include "policies/model/job.hpp"
#include "policies/model/lever.hpp"
#include "policies/model/regulator.hpp"
#include "policies/model/sample.hpp"
#include "policies/model/subject.hpp"
#include "policies/model/time.hpp"

namespace homeostat {

enum class PolicyKind { breaker, regulator, job, alert };
enum class Mode { off, shadow, canary, enforce };  ///< in rising order of power
enum class Comparison { above, below };
enum class Combination { any, all };

/// How the readings of several subjects become the cluster's: a ratio pools its numerators and
/// denominators, a gauge takes its worst (the highest, or the lowest where a level is tested with
/// `below`), unless the policy says otherwise.
enum class Aggregate { automatic, max, min, sum };

/// A level: the newest value compared with `threshold` at each evaluation.
struct LevelTest {
  Comparison comparison = Comparison::above;
  double threshold = 0;
  std::optional<Duration> hold_for;  ///< `for:`; breached without a break for this long
  int for_samples = 2;               ///< consecutive breached evaluations, when `for:` is not given
  friend bool operator==(const LevelTest&, const LevelTest&) = default;
};

/// Capped CUSUM on folds of a ratio (Page 1954; constants from control-loops simulations):
/// r = (sum of numerators + weight*ratio*n) / (sum of denominators + weight*n) over the n readings
/// of a fold; S <- clamp(S + min(step_cap, r - ref), 0, 2*trip); trips at S >= trip. Backstop: it
/// also trips when the mean of r over five minutes exceeds ref.
struct CusumTest {
  double ref = 0;
  double trip = 1;
  double step_cap = 0.15;
  double prior_weight = 4;
  double prior_ratio = 0.08;
  friend bool operator==(const CusumTest&, const CusumTest&) = default;
};

/// A rise: of a gauge, how much higher its newest fold stands than its oldest within `over`; of a
/// counter, what it has counted in that time. Stepped on folds, as a cusum is.
struct TrendTest {
  double rises = 0;     ///< breached by at least so much
  Duration over{};      ///< the window
  Duration hold_for{};  ///< `for:`; breached without a break for this long
  friend bool operator==(const TrendTest&, const TrendTest&) = default;
};

/// No reading for this long, whatever the reason. Clear as soon as there is one again.
struct AbsenceTest {
  Duration absent_for{};
  friend bool operator==(const AbsenceTest&, const AbsenceTest&) = default;
};

using Test = std::variant<LevelTest, CusumTest, TrendTest, AbsenceTest>;

/// One simple condition.
struct Arm {
  SignalName signal;  ///< or the name of the record
  Test test;
  /// clear_below (for above, cusum, trend) or clear_above (for below); an absence has none.
  std::optional<double> clear_level;
  Duration clear_for = std::chrono::seconds{60};
  std::optional<Duration> smooth;  ///< time constant of an EWMA over the readings
  Aggregate aggregate = Aggregate::automatic;
  std::optional<int> max_rung;       ///< this arm alone never climbs higher
  std::optional<Duration> max_open;  ///< tripped longer than this: ignored until it was clear
  std::vector<Formula> record = {};  ///< one, judged instead of a signal, or none
  bool early = false;                ///< of kind job: one of `early`, not of `when`
  friend bool operator==(const Arm&, const Arm&) = default;
};

struct Condition {
  Combination combination = Combination::any;
  std::vector<Arm> arms;
  friend bool operator==(const Condition&, const Condition&) = default;
};

/// A rung of a ladder, what a regulator sets, or what a job runs: a lever and where it should
/// stand.
struct Act {
  std::string lever;
  std::string target;  ///< empty: the policy's subject
  LeverValue value;
  Duration ttl = std::chrono::minutes{2};
  friend bool operator==(const Act&, const Act&) = default;
};

struct Hold {
  Duration first = std::chrono::seconds{60};
  double factor = 2;
  Duration max = std::chrono::minutes{8};
  friend bool operator==(const Hold&, const Hold&) = default;
};

/// How long a rung whose act did not do what `expect:` promised is passed over. A try that comes
/// later than `max` after the end of the bench before it counts as the first again.
struct BenchRule {
  Duration first = std::chrono::minutes{15};  ///< longer than hold.max: the next opening skips it
  double factor = 2;                          ///< each further try in a row
  Duration max = std::chrono::hours{4};
  int tries = 3;  ///< ineffective in a row, from which on it is benched for `max`
  friend bool operator==(const BenchRule&, const BenchRule&) = default;
};

struct Restore {
  std::vector<double> steps{0.05, 0.25, 1.0};  ///< of the first rung; rising, the last is 1
  Duration each = std::chrono::seconds{30};
  friend bool operator==(const Restore&, const Restore&) = default;
};

enum class ExpectedMove { falls_by, rises_by, above, below };

/// Effect contract of a policy's acts: what should move, how far, by when.
struct Expectation {
  SignalName signal;
  ExpectedMove move = ExpectedMove::falls_by;
  double amount = 0;  ///< a share for falls_by and rises_by, otherwise a level
  Duration within{};
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

struct AlertSpec {
  std::string severity = "warning";
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::string runbook;
  friend bool operator==(const AlertSpec&, const AlertSpec&) = default;
};

struct Limits {
  int per_hour = 6;            ///< forward acts in one budget window
  double max_subjects = 0.25;  ///< share open at once, rounded up, never below one
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// When so much of what one node holds is open, the node is acted on instead of each.
struct Escalation {
  SubjectKind to = SubjectKind::node;
  double at = 0.5;                     ///< share of the policy's subjects on one holder
  std::map<Subject, Subject> holders;  ///< of each of the policy's subjects, as the inventory says
  friend bool operator==(const Escalation&, const Escalation&) = default;
};

struct Policy {
  std::string name;
  PolicyKind kind = PolicyKind::breaker;
  Mode mode = Mode::shadow;  ///< already capped by the daemon's mode_ceiling
  std::string description;
  Duration every = std::chrono::seconds{30};
  std::vector<Subject> subjects{Subject{}};  ///< `for_each`, resolved against the inventory
  Condition open;           ///< of a regulator: what AIMD steers by, otherwise no arm; of a job:
                            ///< `when`, which may have none, and `early`
  std::vector<Act> ladder;  ///< of a regulator: its only act, without the argument it computes; of
                            ///< a job: what is run
  Duration climb_after = std::chrono::seconds{30};
  Hold hold;
  Restore restore;
  std::optional<Expectation> expect;
  BenchRule bench;    ///< of rungs whose acts are judged by `expect`
  CanaryRule canary;  ///< of mode canary
  std::optional<AlertSpec> alert;
  Limits limits;
  int priority = 0;
  std::vector<std::string> blocked_while;
  std::string hash;  ///< SHA-256 (hex, first 16 digits) of the policy's own text
  Place place;       ///< of its `policy:` key
  std::optional<Regulator> regulator = {};  ///< of kind regulator
  std::optional<Escalation> escalate = {};
  std::optional<Job> job = {};  ///< of kind job
  friend bool operator==(const Policy&, const Policy&) = default;
};

/// How an enforced policy starts whose text was never enforced before.
enum class ChangedPolicies {
  keep,    ///< as its mode says
  canary,  ///< in canary; in shadow what cannot be tried on a share
  shadow,  ///< in shadow, until somebody acknowledges it
};

/// How samples become evidence, for all policies alike.
struct EngineSettings {
  Duration sample_every = std::chrono::seconds{1};
  Duration fold = std::chrono::seconds{5};
  Duration stale_after = std::chrono::seconds{10};
  Duration backstop = std::chrono::minutes{5};  ///< window of the cusum's backstop
  Duration budget_window = std::chrono::hours{1};
  int cluster_per_hour = 10;  ///< forward acts of all policies in one budget window
  /// The storm brake: after so many forward acts of all policies within the window nothing moves
  /// forward any more until somebody acknowledges it (`homeostat ack`). The budgets alone would let
  /// twice as many through.
  int brake_acts = 30;
  Duration brake_window = std::chrono::hours{6};
  /// Sessions that the levers of all policies may end in an hour. As many as the database's own
  /// limit (homeostat.session_limit) allows by default.
  int sessions_per_hour = 20;
  std::optional<double> bytes_per_day = {};  ///< that all jobs may move; nothing: no limit
  Duration bytes_window = std::chrono::hours{24};
  ChangedPolicies changed_policies = ChangedPolicies::keep;
  friend bool operator==(const EngineSettings&, const EngineSettings&) = default;
};

/// What the engine must know of a signal and a lever to decide; from the Vocabulary.
struct SignalTraits {
  SignalShape shape = SignalShape::gauge;
  friend bool operator==(const SignalTraits&, const SignalTraits&) = default;
};
struct LeverTraits {
  bool isolates = false;  ///< takes capacity away: holds when most subjects are breached
  /// May be set while a breaker is open, but is neither given back nor changed until all are
  /// closed.
  bool settles_last = false;
  /// Setting it starts work that ends by itself, and giving it back stops that: for kind job only.
  bool runs_job = false;
  bool ends_sessions = false;  ///< of applications: counted by sessions_per_hour
  bool moves_bytes = false;    ///< between servers: counted by bytes_per_day
  bool shuts_out = false;      ///< set where a server does not answer, when it admits nobody
  /// Of one that runs jobs: what stands for `trigger` among its arguments when an arm on this
  /// signal has tripped: `weight: trigger` is `weight: bytes` where bytes are uneven.
  std::map<SignalName, std::string, std::less<>> by_trigger = {};
  std::string by_several = {};  ///< when arms have tripped that do not agree; empty: the first's
  friend bool operator==(const LeverTraits&, const LeverTraits&) = default;
};

/// In whose name the database's own guard sheds (sql/schema/0008_guard.sql). No policy may be
/// called that.
inline constexpr std::string_view kGuardPolicy = "guard";

struct PolicySet {
  std::vector<Policy> policies;  ///< in order of name
  EngineSettings settings;
  std::map<SignalName, SignalTraits, std::less<>> signals;
  std::map<std::string, LeverTraits, std::less<>> levers;
  friend bool operator==(const PolicySet&, const PolicySet&) = default;
};

/// The policy of that name, or nullptr. The set's own.
const Policy* find_policy(const PolicySet& set, std::string_view name);

std::string_view to_text(PolicyKind kind);
std::optional<PolicyKind> parse_policy_kind(std::string_view text);
std::string_view to_text(Mode mode);
std::optional<Mode> parse_mode(std::string_view text);
std::string_view to_text(ExpectedMove move);
std::optional<ExpectedMove> parse_expected_move(std::string_view text);
std::string_view to_text(ChangedPolicies changed);
std::optional<ChangedPolicies> parse_changed_policies(std::string_view text);

/// The same on a clock that runs `speed_up` times faster: every duration is divided, and nothing
/// else changes. For demonstrations and tests.
Policy sped_up(Policy policy, int speed_up);
EngineSettings sped_up(EngineSettings settings, int speed_up);

}  // namespace homeostat
