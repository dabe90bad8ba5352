// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/replay_trace.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {
namespace {

constexpr Duration kBefore = std::chrono::minutes{5};
constexpr Duration kAfter = std::chrono::minutes{15};
constexpr int kWorthIt = 3;  // times as long must the recording be

struct Window {
  Duration from{};
  Duration until{};
};

std::optional<WallTime> what_matters(const Backtest& done) {
  if (done.first_difference()) return done.first_difference();
  const auto actions = done.actions();
  if (actions.empty()) return std::nullopt;
  return actions.front().any().wall;
}

std::optional<Window> window_of(const Backtest& done, int speed_up) {
  const auto at = what_matters(done);
  if (!at) return std::nullopt;
  const auto& facts = done.facts();
  const auto begin = std::max(*at - kBefore / speed_up, *facts.first);
  const auto end = std::min(*at + kAfter / speed_up, *facts.last);
  if ((end - begin) * kWorthIt > *facts.last - *facts.first) return std::nullopt;
  return Window{begin.time_since_epoch(), end.time_since_epoch()};
}

/// What a recorder sees of a replay.
class Watching {
 public:
  Watching(TraceRecorder& recorder, std::string other, Duration most_apart)
      : recorder_(recorder), other_(std::move(other)), most_apart_(most_apart) {}

  void see(const JournalStep& step, const BacktestSide& replayed, const BacktestSide* other) {
    const auto at = step.wall.time_since_epoch();
    if (last_ && at - *last_ > most_apart_) recorder_.see_gap(*last_ + (at - *last_) / 2);
    last_ = at;
    recorder_.see(step.samples, at);
    recorder_.see(replayed.verdicts, replayed.effects, "", at);
    if (other != nullptr) recorder_.see(other->verdicts, other->effects, other_, at);
  }

 private:
  TraceRecorder& recorder_;
  std::string other_;
  Duration most_apart_;
  std::optional<Duration> last_;
};

}  // namespace

Result<ReplayTrace> trace_of(const Backtest& done, BacktestOptions options,
                             const std::string& other,
                             const std::function<Result<void>(Backtest&)>& tell) {
  const auto& facts = done.facts();
  if (!facts.first) return ReplayTrace{};
  const auto settings = options.policies.settings;
  // Samples alone are as far apart as they are; a daemon that is silent was not there.
  const auto most_apart = options.decided ? settings.stale_after : Duration::max();
  const auto policies = options.policies;
  const auto end = facts.last->time_since_epoch() + settings.sample_every;
  TraceRecorder whole(policies, facts.first->time_since_epoch(), end, settings.sample_every);
  Watching all(whole, other, most_apart);
  const auto window = window_of(done, options.speed_up);
  std::optional<TraceRecorder> closer;
  std::optional<Watching> near;
  if (window) {
    closer.emplace(policies, window->from, window->until, settings.sample_every);
    near.emplace(*closer, other, most_apart);
  }
  options.watch = [&](const JournalStep& step, const BacktestSide& replayed,
                      const BacktestSide* beside) {
    all.see(step, replayed, beside);
    if (near) near->see(step, replayed, beside);
  };
  Backtest again(std::move(options));
  const auto told = tell(again);
  if (!told.has_value()) return told.error();
  ReplayTrace trace;
  trace.whole = whole.finish(end);
  if (closer) trace.closer = closer->finish(window->until);
  return trace;
}

}  // namespace homeostat
