// SPDX-License-Identifier: Apache-2.0
// Ports without a world behind them, for unit tests of the loop. Each records what it was asked.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/ports/alert_sink.hpp"
#include "controller/ports/clock.hpp"
#include "controller/ports/journal.hpp"
#include "controller/ports/ledger.hpp"
#include "controller/ports/lever.hpp"
#include "controller/ports/probe.hpp"

namespace homeostat::fakes {

class FakeClock : public Clock {
 public:
  TimePoint now() const override { return now_; }
  WallTime wall() const override { return WallTime{now_.time_since_epoch()}; }
  void advance(Duration by) { now_ += by; }

 private:
  TimePoint now_{std::chrono::hours{1}};
};

/// Answers with `next`, or with absence when `failure` is set.
class FakeProbe : public Probe {
 public:
  explicit FakeProbe(std::string node) : subject_{SubjectKind::node, std::move(node)} {}
  std::string_view name() const override { return "fake"; }
  Subject subject() const override { return subject_; }
  std::vector<SignalName> signals() const override { return {"pg_blocked_ratio"}; }
  boost::asio::awaitable<Result<Reading>> sample(TimePoint now, Duration) override {
    if (failure) co_return *failure;
    Reading reading;
    reading.samples.push_back(ratio("pg_blocked_ratio", subject_, blocked, open, now));
    reading.identity.server = identity;
    co_return reading;
  }

  std::optional<Error> failure;
  double blocked = 0;
  double open = 0;
  std::string identity = "server-1";

 private:
  Subject subject_;
};

/// Holds values like a target does. `answers` are given first, in order, without any effect.
class FakeLever : public Lever {
 public:
  explicit FakeLever(std::string name = "feature") : name_{std::move(name)} {}
  std::string_view name() const override { return name_; }
  boost::asio::awaitable<Result<LeverValue>> read(std::string target) override {
    if (unreadable) co_return *unreadable;
    co_return targets[target];
  }
  boost::asio::awaitable<Result<ChangeResult>> apply(Change change) override {
    changes.push_back(change);
    if (during_apply) during_apply();
    if (!answers.empty()) {
      auto answer = answers.front();
      answers.pop_front();
      co_return answer;
    }
    if (change.kind != ChangeKind::renew) {
      targets[change.desired.key.target] = change.desired.value;
    }
    ChangeResult result;
    result.outcome = ChangeOutcome::applied;
    co_return result;
  }

  std::map<LeverKey, NotStarted> not_started() const override { return waiting; }

  std::map<std::string, LeverValue> targets;
  std::map<LeverKey, NotStarted> waiting;  ///< what not_started() answers
  std::vector<Change> changes;
  std::deque<Result<ChangeResult>> answers;
  std::optional<Error> unreadable;     ///< what read() answers
  std::function<void()> during_apply;  ///< called while a change is under way

 private:
  std::string name_;
};

class FakeLedger : public Ledger {
 public:
  boost::asio::awaitable<Result<Lease>> hold_lease(Duration) override {
    ++asked;
    if (failure) co_return *failure;
    co_return lease;
  }
  boost::asio::awaitable<Result<void>> release_lease(Duration) override {
    released = true;
    Result<void> done;
    co_return done;
  }
  boost::asio::awaitable<Result<LedgerImage>> load(TimePoint, Duration, Duration) override {
    co_return image;
  }
  boost::asio::awaitable<Result<void>> keep(Kept kept, std::int64_t, TimePoint, Duration) override {
    if (failure) co_return *failure;
    image.memories = std::move(kept.memories);
    image.braked = kept.braked;
    image.moved = std::move(kept.moved);
    Result<void> done;
    co_return done;
  }
  boost::asio::awaitable<Result<Orders>> orders(Duration) override {
    ++pauses_asked;
    Orders orders{standing_pauses, acks, sessions_ended};
    co_return orders;
  }
  std::string identity() const override { return server; }

  std::optional<Error> failure;
  Lease lease{7, "this:1", true};
  LedgerImage image;
  std::vector<Pause> standing_pauses;
  std::vector<Ack> acks;
  int sessions_ended = 0;
  int pauses_asked = 0;
  std::string server = "server-1";
  int asked = 0;
  bool released = false;
};

class FakeJournal : public Journal {
 public:
  Result<void> append(const JournalStep& step) override {
    if (full && !(holds_back && usable_)) return flush();
    usable_ = true;
    steps.push_back(step);
    return {};
  }
  Result<void> flush() override {
    usable_ = !full;
    if (full) return Error{ErrorCode::storage, "disk full", {}};
    return {};
  }
  Result<void> prune(WallTime) override { return {}; }
  bool usable() const override { return usable_; }

  bool full = false;
  bool holds_back = false;  ///< append() does not touch the disk
  std::vector<JournalStep> steps;

 private:
  bool usable_ = true;
};

class FakeAlertSink : public AlertSink {
 public:
  void publish(std::vector<Alert> active, WallTime) override { last = std::move(active); }
  std::optional<std::vector<Alert>> last;
};

}  // namespace homeostat::fakes
