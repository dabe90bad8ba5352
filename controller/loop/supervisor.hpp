// SPDX-License-Identifier: Apache-2.0
// The loop: sample, decide, act, publish, on absolute deadlines, until told to stop.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/loop/leadership.hpp"
#include "controller/loop/narration.hpp"
#include "controller/loop/reconciler.hpp"
#include "controller/loop/report.hpp"
#include "controller/loop/sampler.hpp"
#include "controller/ports/alert_sink.hpp"
#include "controller/ports/clock.hpp"
#include "controller/ports/journal.hpp"
#include "policies/engine/decide.hpp"

namespace homeostat {

/// What a supervisor works with. Nothing is owned; everything must outlive it.
struct SupervisorParts {
  const Clock& clock;
  Journal& journal;
  spdlog::logger& log;
  std::vector<Probe*> probes;
  std::vector<Lever*> levers;
  Ledger* ledger = nullptr;     ///< null: shadow without a ledger
  AlertSink* alerts = nullptr;  ///< null: nobody to tell
  /// Called at the end of every step, from the loop itself: the watchdog's ping.
  std::function<void()> heartbeat = {};
  /// Failed notifications by Alertmanager instance; may be empty.
  std::function<std::map<std::string, std::uint64_t>()> notify_failures = {};
};

/// What it is told of the configuration; may be replaced while it runs.
struct SupervisorSettings {
  Duration tick = std::chrono::seconds{30};
  Mode mode_ceiling = Mode::shadow;
  bool revert_on_exit = true;
  Subject ledger_node;  ///< the node whose identity the levers' server must share
  std::map<std::string, std::string> features;  ///< feature -> class, for feature_share
  std::string version;
  std::string instance;
  std::string endpoint;  ///< host:port of its HTTP interface: `instance` of its own alerts
};

/// What becomes of the levers when a supervisor ends.
enum class Leaving {
  as_set,  ///< as revert_on_exit says; nobody follows in this process
  keep,    ///< a successor in this process goes on with what stands
  revert,  ///< a successor in this process does not supervise them any more
};

/// Of every question to the ledger.
inline constexpr Duration kControlDeadline = std::chrono::seconds{3};

class Supervisor {
 public:
  Supervisor(SupervisorParts parts, SupervisorSettings settings, PolicySet policies);

  /// Runs until request_stop(). Then: no more deciding, the act in hand is finished, levers are
  /// reverted or kept as settings say, alerts are resolved, the lease is released.
  [[nodiscard]] boost::asio::awaitable<void> run();

  /// One step: sample, decide, act, journal, publish. run() calls it on its deadlines; tests call
  /// it with a time of their own.
  [[nodiscard]] boost::asio::awaitable<void> step(TimePoint now);

  /// From a handler on the same thread.
  void request_stop(Leaving leaving = Leaving::as_set);

  /// New policies and settings from the next step on; one that runs ends with the old ones.
  /// Policies whose text is unchanged keep their state and evidence; levers of those that are gone
  /// are reverted.
  void replace(SupervisorSettings settings, PolicySet policies);

  /// The outcome of the last reload, for status and metrics; empty when it succeeded.
  void set_reload_error(std::string error);

  /// Of the last step; null before the first one ended. Never changes after it was published.
  std::shared_ptr<const Report> report() const { return report_; }

 private:
  void take_over_replacement();
  boost::asio::awaitable<void> keep_leadership(TimePoint now);
  boost::asio::awaitable<std::vector<ActRecord>> act(const Decision& decision, TimePoint now,
                                                     bool tick);
  boost::asio::awaitable<void> after_acts();
  boost::asio::awaitable<void> leave();
  boost::asio::awaitable<void> give_back();
  boost::asio::awaitable<void> ask_once_more(TimePoint now);
  std::string moved_home() const;
  std::string identity_mismatch() const;
  ForwardBar bar() const;
  std::string bar_detail() const;
  /// What is known of a step before it acts.
  JournalStep entry(TimePoint now, std::vector<Sample> samples);
  void write_journal(const JournalStep& entry);
  void publish(TimePoint now, const Decision& decision);

  SupervisorParts parts_;
  SupervisorSettings settings_;
  PolicySet policies_;
  Sampler sampler_;
  Leadership leadership_;
  Reconciler reconciler_;
  Snapshot snapshot_;
  EngineState state_;
  std::optional<Basis> basis_;  ///< of the step under way; nothing: state_ went on
  Kept kept_;                   ///< what the ledger holds of state_
  Report tally_;                ///< counters and facts that last from step to step
  std::shared_ptr<const Report> report_;
  NewestVerdicts verdicts_;
  std::vector<Note> lever_notes_;  ///< of the step before
  TimePoint next_tick_{};
  TimePoint barred_since_{};
  std::optional<std::pair<SupervisorSettings, PolicySet>> replacement_;
  std::string home_;       ///< system/database that was led on first, until a reload
  bool informed_ = false;  ///< state_ goes on from what the ledger had kept
  bool stopping_ = false;
  Leaving leaving_ = Leaving::as_set;
  std::function<void()> wake_;  ///< ends the wait for the next step
};

}  // namespace homeostat
