// SPDX-License-Identifier: Apache-2.0
// What the supervisor publishes after every step: the one source of metrics, status and HTTP
// answers. A plain value; readers never see the loop's own state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/ports/alert_sink.hpp"
#include "controller/ports/ledger.hpp"
#include "controller/ports/lever.hpp"
#include "controller/ports/probe.hpp"
#include "policies/model/policy.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

struct ProbeStatus {
  std::string probe;
  Subject subject;
  bool up = false;
  std::string error;  ///< of the last failure, empty while up
};

struct OpenLever {
  LedgerRow row;
  bool drifted = false;    ///< somebody else's value stands at the target
  bool held = false;       ///< wanted back or elsewhere, but not while a breaker is open
  Duration failing{};      ///< how long every change and renewal of it has been refused
  Duration overdue{};      ///< past its expiry and still not reverted; 0 otherwise
  std::string last_error;  ///< of the last change that failed
};

/// What a policy wants and its lever refuses, of what does not stand at all. It is tried again. (Of
/// a job: JobStatus::not_started.)
struct RefusedLever {
  LeverKey key;
  std::string policy;
  Duration failing{};  ///< from the first try to the newest
  int tries = 0;
  std::string why;
};

/// A rung that is passed over for what its acts did not do, or did.
struct BenchedLever {
  std::string policy;
  Subject subject;
  int rung = 0;
  LeverKey key;
  int tries = 0;         ///< ineffective in a row
  bool harmful = false;  ///< it did harm, and was given back
  Duration left{};
};

/// A policy in canary, or waiting for an acknowledgement.
struct CanaryStatus {
  std::string policy;
  double share = 0;  ///< acted on; 0: demoted
  CanaryMemory memory;
};

struct Report {
  std::string version;
  std::string instance;  ///< host:pid
  std::string endpoint;  ///< host:port of its HTTP interface; the same after a restart
  WallTime started{};
  WallTime wall{};  ///< when published
  TimePoint at{};
  WallTime last_tick{};  ///< of the last completed 30 s tick
  std::uint64_t ticks = 0;
  std::uint64_t ticks_skipped = 0;  ///< the next one was due when they could start
  std::uint64_t steps_skipped = 0;  ///< the same of steps
  Duration step_every{};
  Mode mode_ceiling = Mode::shadow;

  bool ledger_configured = false;
  bool leader = false;
  std::int64_t epoch = 0;
  std::string lease_holder;  ///< who leads when we do not
  bool leaderless = false;   ///< `lease_holder` led; its lease ran out and cannot be taken over
  ForwardBar bar = ForwardBar::none;
  std::string bar_detail;
  Duration barred_for{};  ///< how long `bar` has stood as it is
  Duration tick{};

  std::vector<Pause> pauses;  ///< as the ledger had them at the last renewal of the lease

  bool reload_ok = true;
  std::string reload_error;  ///< first line of what the last reload refused
  bool journal_usable = true;

  std::vector<Sample> samples;
  std::vector<Note> notes;
  std::vector<Detail> details = {};  ///< in /metrics only
  std::vector<ProbeStatus> probes;
  std::vector<Policy> policies;
  std::vector<Verdict> verdicts;  ///< the newest of each policy and subject
  std::vector<DesiredLever> desired;
  std::vector<DesiredLever> would;
  std::vector<OpenLever> levers;
  std::vector<RefusedLever> refused;
  std::vector<BenchedLever> benched;
  std::vector<CanaryStatus> canaries;    ///< in order of policy
  std::vector<Overruled> overruled;      ///< acting policies that another one went before
  std::optional<TimePoint> braked = {};  ///< since when the storm brake is on
  std::vector<Alert> alerts;

  std::map<std::tuple<std::string, std::string, std::string>, std::uint64_t>
      acts;  ///< (policy, lever, outcome)
  std::map<std::pair<std::string, std::string>, std::uint64_t> effects;     ///< (policy, outcome)
  std::map<std::pair<std::string, std::string>, std::uint64_t> would_acts;  ///< (policy, lever)
  std::map<std::string, int> budget_remaining;            ///< policy name, or `cluster`
  std::map<std::string, std::int64_t> amounts_remaining;  ///< `sessions`, `bytes`
  std::map<std::string, int> stale_sessions;    ///< role -> sessions older than its settings
  std::vector<BatchWindow> batch_windows;       ///< by group; some may have expired
  std::map<std::string, double> feature_share;  ///< feature -> admitted share, 1 when untouched
  std::map<std::string, std::uint64_t> notify_failures;  ///< by Alertmanager instance
};

}  // namespace homeostat
