// SPDX-License-Identifier: Apache-2.0
// How a supervisor ends.
#include <spdlog/logger.h>

#include <utility>

#include "controller/loop/supervisor.hpp"
#include "controller/loop/tally.hpp"

namespace homeostat {
namespace asio = boost::asio;

asio::awaitable<void> Supervisor::leave() {
  take_over_replacement();
  const bool revert =
      leaving_ == Leaving::revert || (leaving_ == Leaving::as_set && settings_.revert_on_exit);
  if (revert && leadership_.configured()) co_await give_back();
  if (leadership_.leader()) {
    const auto released = co_await parts_.ledger->release_lease(kControlDeadline);
    if (!released.has_value()) parts_.log.warn("lease: {}", released.error().context);
  }
  // A successor in this process goes on with the alerts, too.
  if (parts_.alerts != nullptr && leaving_ == Leaving::as_set) {
    parts_.alerts->publish({}, parts_.clock.wall());
  }
}

asio::awaitable<void> Supervisor::give_back() {
  const auto now = parts_.clock.now();
  const Decision nothing;
  const Kept lasting{lasting_memories(state_, now), state_.braked, state_.moved};
  state_ = EngineState{};
  // Twice: a doubt may pass, and the end may have come in the middle of one.
  for (int attempt = 0; attempt < 2; ++attempt) {
    // Who stands by leaves the levers to the one who leads.
    if (!leadership_.leader() && leadership_.bar() == ForwardBar::not_leader) co_return;
    if (!leadership_.leader()) co_await keep_leadership(now);
    if (!leadership_.leader()) continue;
    if (const auto moved = moved_home(); !moved.empty()) {
      parts_.log.warn("nothing is given back: {}", moved);
      co_return;
    }
    snapshot_.bar = ForwardBar::stopping;
    const auto forgotten =
        co_await parts_.ledger->keep(lasting, leadership_.epoch(), now, kControlDeadline);
    if (!forgotten.has_value()) parts_.log.warn("ledger: {}", forgotten.error().context);
    Reconciler::Options options;
    options.bar = ForwardBar::stopping;
    options.unpaced = true;
    auto acts = co_await reconciler_.step(nothing.desired, options, now);
    count_acts(acts, &tally_);
    log_acts(parts_.log, acts);
    if (!reconciler_.fence_lost()) co_await after_acts();
    auto journaled = entry(now, {});
    journaled.decided = false;
    journaled.acts = std::move(acts);
    write_journal(journaled);
    publish(now, nothing);
    if (!reconciler_.fence_lost()) co_return;
    leadership_.doubt(reconciler_.fence_lost_reason());
    reconciler_.drop();
  }
  parts_.log.warn("not everything could be given back; what stands ends by its expiry");
}

}  // namespace homeostat
