// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/supervisor.hpp"

#include <spdlog/logger.h>

#include <algorithm>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "controller/loop/narration.hpp"
#include "controller/loop/takeover.hpp"
#include "controller/loop/tally.hpp"
#include "policies/engine/bench.hpp"
#include "policies/engine/interlocks.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kLeaseRenewal = std::chrono::seconds{5};
constexpr Duration kShortestSampleDeadline = std::chrono::milliseconds{500};

/// Of all levers, as of the last step in which we led.
std::map<LeverKey, JobProgress> known_jobs(const std::vector<Lever*>& levers) {
  std::map<LeverKey, JobProgress> jobs;
  for (const auto* lever : levers) jobs.merge(lever->jobs());
  return jobs;
}

/// What jobs have ordered and is not begun: a lever could not start it, or refuses the order.
std::map<LeverKey, NotStarted> waiting_jobs(const std::vector<Lever*>& levers,
                                            const Reconciler& reconciler, const PolicySet& set) {
  std::map<LeverKey, NotStarted> waiting;
  for (const auto* lever : levers) waiting.merge(lever->not_started());
  for (const auto& [key, refusal] : reconciler.refused()) {
    const auto* const policy = find_policy(set, refusal.policy);
    if (policy != nullptr && policy->kind == PolicyKind::job) waiting[key] = refusal.tried;
  }
  return waiting;
}

/// A policy that acts climbs at this step.
bool moves_forward(const Decision& decision) {
  return std::any_of(
      decision.verdicts.begin(), decision.verdicts.end(),
      [](const Verdict& verdict) { return verdict.acts() && is_forward(verdict.step); });
}

std::vector<std::string> paused_policies(const std::vector<Pause>& pauses) {
  constexpr std::string_view kPolicy = "policy/";
  std::vector<std::string> names;
  for (const auto& pause : pauses) {
    if (pause.scope.starts_with(kPolicy)) names.push_back(pause.scope.substr(kPolicy.size()));
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// What a restart does not change: `system/database` of `system/database@start`.
std::string lasting(const std::string& identity) { return identity.substr(0, identity.rfind('@')); }

std::vector<PolicyStamp> stamps(const PolicySet& set) {
  std::vector<PolicyStamp> all;
  for (const auto& policy : set.policies) all.push_back({policy.name, policy.hash, policy.mode});
  return all;
}

/// A probe may take most of a step, and never so little that a busy machine looks like a dead one.
Duration sample_deadline(Duration step) { return std::max(kShortestSampleDeadline, step * 4 / 5); }

}  // namespace

Supervisor::Supervisor(SupervisorParts parts, SupervisorSettings settings, PolicySet policies)
    : parts_(std::move(parts)),
      settings_(std::move(settings)),
      policies_(std::move(policies)),
      sampler_(parts_.probes),
      leadership_(parts_.ledger, kLeaseRenewal),
      reconciler_(parts_.levers) {
  tally_.started = parts_.clock.wall();
  basis_ = Basis{stamps(policies_), std::nullopt};
}

void Supervisor::request_stop(Leaving leaving) {
  stopping_ = true;
  leaving_ = leaving;
  if (wake_) wake_();
}

void Supervisor::replace(SupervisorSettings settings, PolicySet policies) {
  replacement_.emplace(std::move(settings), std::move(policies));
}

void Supervisor::take_over_replacement() {
  if (!replacement_) return;
  auto& [settings, policies] = *replacement_;
  settings_ = std::move(settings);
  state_ = carried_over(policies, std::move(state_), parts_.clock.now());
  policies_ = std::move(policies);
  basis_ = Basis{stamps(policies_), std::nullopt};
  replacement_.reset();
  // Whoever reloads has looked.
  home_ = leadership_.leader() ? lasting(parts_.ledger->identity()) : std::string();
  std::erase_if(verdicts_, [this](const auto& entry) {
    return std::none_of(policies_.policies.begin(), policies_.policies.end(),
                        [&](const Policy& policy) { return policy.name == entry.first.first; });
  });
}

void Supervisor::set_reload_error(std::string error) { tally_.reload_error = std::move(error); }

asio::awaitable<void> Supervisor::run() {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  wake_ = [&timer] { timer.cancel(); };
  auto next = parts_.clock.now();
  while (!stopping_) {
    const auto now = parts_.clock.now();
    if (now < next) {
      timer.expires_after(next - now);
      boost::system::error_code cancelled;
      co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
      continue;
    }
    const auto every = policies_.settings.sample_every;
    const auto missed = (now - next) / every;
    tally_.steps_skipped += static_cast<std::uint64_t>(missed);
    next += every * (missed + 1);
    co_await step(now);
    if (parts_.heartbeat) parts_.heartbeat();
    // A step that took too long costs the next one: signals and HTTP are served in between.
    const auto ended = parts_.clock.now();
    if (ended < next) continue;
    const auto lost = (ended - next) / every + 1;
    tally_.steps_skipped += static_cast<std::uint64_t>(lost);
    next += every * lost;
  }
  wake_ = nullptr;
  co_await leave();
}

asio::awaitable<void> Supervisor::step(TimePoint now) {
  take_over_replacement();
  auto samples = co_await sampler_.sample(now, sample_deadline(policies_.settings.sample_every));
  log_probes(parts_.log, sampler_.statuses(),
             report_ ? report_->probes : std::vector<ProbeStatus>());
  snapshot_.samples.clear();  // every probe answered anew, if only with absence
  for (const auto& sample : samples) put(snapshot_, sample);

  co_await keep_leadership(now);
  if (const auto now_bar = bar(); now_bar != snapshot_.bar) {
    snapshot_.bar = now_bar;
    barred_since_ = now;
  }
  snapshot_.paused = paused_policies(leadership_.pauses());
  snapshot_.acks = leadership_.acks();
  snapshot_.sessions_ended = leadership_.sessions_ended();
  snapshot_.jobs =
      leadership_.leader() ? known_jobs(parts_.levers) : std::map<LeverKey, JobProgress>{};
  snapshot_.not_started = leadership_.leader() ? waiting_jobs(parts_.levers, reconciler_, policies_)
                                               : std::map<LeverKey, NotStarted>{};
  auto journaled = entry(now, std::move(samples));
  auto decision = decide(policies_, snapshot_, std::move(state_), now);
  state_ = std::move(decision.state);

  if (next_tick_ == TimePoint{}) next_tick_ = now;
  const bool tick = now >= next_tick_;
  auto acts = co_await act(decision, now, tick);
  log_verdicts(parts_.log, decision.verdicts, verdicts_);
  log_acts(parts_.log, acts);
  log_effects(parts_.log, decision.effects);
  if (report_) log_progress(parts_.log, *report_, canaries(policies_, state_), state_.braked);
  for (const auto& verdict : decision.verdicts) {
    verdicts_[{verdict.policy, verdict.subject}] = verdict;
  }
  count_acts(acts, &tally_);
  count_effects(decision.effects, &tally_);
  count_would_acts(policies_, decision.verdicts, &tally_);
  journaled.verdicts = decision.verdicts;
  journaled.effects = decision.effects;
  journaled.acts = std::move(acts);
  write_journal(journaled);
  if (tick) {
    const auto missed = (now - next_tick_) / settings_.tick;
    tally_.ticks_skipped += static_cast<std::uint64_t>(missed);
    next_tick_ += settings_.tick * (missed + 1);
    ++tally_.ticks;
    tally_.last_tick = parts_.clock.wall();
    const auto pruned = parts_.journal.prune(parts_.clock.wall());
    if (!pruned.has_value()) parts_.log.warn("journal: {}", pruned.error().context);
  }
  publish(now, decision);
}

asio::awaitable<void> Supervisor::keep_leadership(TimePoint now) {
  const bool led = leadership_.leader();
  const auto noted = leadership_.note();
  auto turn = co_await leadership_.step(now, kControlDeadline);
  if (!leadership_.note().empty() && leadership_.note() != noted) {
    parts_.log.warn("ledger: {}", leadership_.note());
  }
  if (turn == Leadership::Turn::gained || turn == Leadership::Turn::regained) {
    auto image = co_await parts_.ledger->load(
        now, std::max(policies_.settings.budget_window, policies_.settings.brake_window),
        kControlDeadline);
    if (image.has_value()) {
      parts_.log.info("leading under epoch {}: {} open levers, {} policies remembered",
                      leadership_.epoch(), image->rows.size(), image->memories.size());
      // Where nobody else has led meanwhile, what is known here is newer than what the ledger kept.
      if (!informed_ || turn == Leadership::Turn::gained) {
        Resumption kept{alive(policies_, *image, now), image->forward,
                        regulated_values(policies_, *image), image->braked, image->moved};
        state_ =
            resumed(policies_, kept.memories, now, kept.acts, kept.values, kept.braked, kept.moved);
        basis_ = Basis{stamps(policies_), std::move(kept)};
      }
      informed_ = true;
      if (home_.empty()) home_ = lasting(parts_.ledger->identity());
      kept_ = Kept{std::move(image->memories), image->braked, std::move(image->moved)};
      reconciler_.adopt(image->rows, leadership_.epoch(), now);
    } else {
      leadership_.doubt(image.error().context);
      informed_ = informed_ && turn == Leadership::Turn::regained;
      turn = Leadership::Turn::lost;
    }
  }
  if (turn == Leadership::Turn::lost || (led && !leadership_.leader())) {
    parts_.log.warn("not leading: {}", leadership_.detail());
    reconciler_.drop();
  }
}

// A restart and a promotion are the same database going on. Another database behind the old address
// (restored, rebuilt, a name that leads elsewhere) is not, and somebody has to say that it is
// meant.
std::string Supervisor::moved_home() const {
  const auto now = lasting(parts_.ledger->identity());
  if (home_.empty() || now == home_) return {};
  return "this is database " + now + ", and Homeostat led on " + home_ +
         " until now: run homeostat doctor, then reload (SIGHUP) if it is the right one";
}

std::string Supervisor::identity_mismatch() const {
  if (!leadership_.leader()) return {};
  if (auto moved = moved_home(); !moved.empty()) return moved;
  const auto sampled = sampler_.identity(settings_.ledger_node);
  const auto acted_on = parts_.ledger->identity();
  if (sampled.empty() || sampled == acted_on) return {};
  return "sampled server " + sampled + ", ledger on " + acted_on;
}

ForwardBar Supervisor::bar() const {
  if (stopping_) return ForwardBar::stopping;
  if (leadership_.bar() != ForwardBar::none) return leadership_.bar();
  if (!identity_mismatch().empty()) return ForwardBar::identity_changed;
  if (!parts_.journal.usable()) return ForwardBar::journal_unusable;
  return ForwardBar::none;
}

asio::awaitable<std::vector<ActRecord>> Supervisor::act(const Decision& decision, TimePoint now,
                                                        bool tick) {
  std::vector<ActRecord> acts;
  if (!leadership_.leader()) co_return acts;
  if (snapshot_.bar == ForwardBar::identity_changed) co_return acts;
  // Memory before act: a crash in between repeats the act, never forgets it.
  Kept keep_now{memories(state_), state_.braked, state_.moved};
  if (keep_now != kept_) {
    const auto kept =
        co_await parts_.ledger->keep(keep_now, leadership_.epoch(), now, kControlDeadline);
    if (!kept.has_value()) {
      leadership_.doubt(kept.error().context);
      reconciler_.drop();
      co_return acts;
    }
    kept_ = std::move(keep_now);
  }
  if (snapshot_.bar == ForwardBar::none && moves_forward(decision)) co_await ask_once_more(now);
  if (!leadership_.leader()) {
    reconciler_.drop();
    co_return acts;
  }
  Reconciler::Options options;
  options.bar = snapshot_.bar;
  options.paused = snapshot_.paused;
  options.tick = tick;
  options.held = held_levers(policies_, snapshot_, state_);
  options.harmful = harmful_levers(policies_, state_, now);
  acts = co_await reconciler_.step(decision.desired, options, now);
  if (reconciler_.fence_lost()) {
    leadership_.doubt(reconciler_.fence_lost_reason());
    reconciler_.drop();
    co_return acts;
  }
  co_await after_acts();
  co_return acts;
}

asio::awaitable<void> Supervisor::after_acts() {
  for (auto* lever : parts_.levers) {
    const auto after = co_await lever->after_step();
    if (!after.has_value()) parts_.log.debug("{}: {}", lever->name(), after.error().context);
  }
}

// A disk that has filled up and a pause that was spoken a second ago are noticed before a forward
// act, not after it.
asio::awaitable<void> Supervisor::ask_once_more(TimePoint now) {
  const auto flushed = parts_.journal.flush();
  if (!flushed.has_value()) {
    parts_.log.error("journal unusable, no forward acts until it is mended: {}",
                     flushed.error().context);
  }
  co_await leadership_.ask_orders(now, kControlDeadline);
  snapshot_.bar = bar();
  snapshot_.paused = paused_policies(leadership_.pauses());
}

JournalStep Supervisor::entry(TimePoint now, std::vector<Sample> samples) {
  JournalStep entry;
  entry.at = now;
  snapshot_.wall = parts_.clock.wall();  // the same instant is decided on and journaled
  entry.wall = snapshot_.wall;
  entry.basis = std::exchange(basis_, std::nullopt);
  entry.bar = snapshot_.bar;
  entry.paused = snapshot_.paused;
  entry.acks = snapshot_.acks;
  entry.jobs = snapshot_.jobs;
  entry.not_started = snapshot_.not_started;
  entry.sessions_ended = snapshot_.sessions_ended;
  entry.samples = std::move(samples);
  return entry;
}

void Supervisor::write_journal(const JournalStep& entry) {
  const bool was_usable = parts_.journal.usable();
  const auto written = parts_.journal.append(entry);
  if (!written.has_value() && was_usable) {
    parts_.log.error("journal unusable, no forward acts until it is mended: {}",
                     written.error().context);
  } else if (written.has_value() && !was_usable) {
    parts_.log.info("journal usable again");
  }
}

}  // namespace homeostat
