// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/leadership.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {
namespace {

constexpr int kTakeovers = 3;  // an hour; more mean that leadership flaps (H34)

}  // namespace

Leadership::Leadership(Ledger* ledger, Duration renew_every)
    : ledger_(ledger), renew_every_(renew_every) {
  if (ledger_ == nullptr) detail_.clear();
}

boost::asio::awaitable<Leadership::Turn> Leadership::step(TimePoint now, Duration deadline) {
  if (ledger_ == nullptr || (next_ && now < *next_)) co_return Turn::none;
  const bool led = leader_;
  next_ = now + renew_every_;
  const auto lease = co_await ledger_->hold_lease(deadline);
  reachable_ = lease.has_value();
  leader_ = reachable_ && lease->ours;
  leaderless_ = reachable_ && !lease->ours && lease->ran_out;
  if (!reachable_) {
    holder_.clear();
    detail_ = lease.error().context;
    next_ = now;  // the ledger backs off by itself
  } else {
    epoch_ = lease->epoch;
    holder_ = lease->holder;
    note_ = lease->note;
    flapping_ = lease->takeovers > kTakeovers;
    detail_ = leader_ ? std::string() : "led by " + holder_;
    if (leaderless_) detail_ = "nobody leads: the lease of " + holder_ + " ran out, its lock stays";
    if (leader_ && flapping_) {
      detail_ = std::to_string(lease->takeovers) + " takeovers by force within the last hour";
    }
  }
  if (reachable_) co_await ask_orders(now, deadline);
  if (!leader_) co_return led ? Turn::lost : Turn::none;
  const auto led_epoch = std::exchange(led_epoch_, epoch_);
  if (led && epoch_ == led_epoch) co_return Turn::none;
  // Each new leader raises the epoch by one: the next one after ours is our own.
  co_return led_epoch > 0 && epoch_ <= led_epoch + 1 ? Turn::regained : Turn::gained;
}

boost::asio::awaitable<void> Leadership::ask_orders(TimePoint now, Duration deadline) {
  auto orders = co_await ledger_->orders(deadline);
  if (!orders.has_value()) {
    doubt(orders.error().context);
    co_return;
  }
  pauses_ = std::move(orders->pauses);
  sessions_ended_ = orders->sessions_ended;
  // An age is a little off each time it is read: what is known stays where it is.
  std::map<std::int64_t, Acknowledgement> newest;
  for (const auto& ack : orders->acks) {
    const auto known = acks_.find(ack.id);
    const Acknowledgement fresh{ack.scope, now - ack.age};
    newest.emplace(ack.id, known == acks_.end() ? fresh : known->second);
  }
  acks_ = std::move(newest);
}

std::vector<Acknowledgement> Leadership::acks() const {
  std::vector<Acknowledgement> all;
  for (const auto& [id, ack] : acks_) all.push_back(ack);
  return all;
}

void Leadership::doubt(std::string why) {
  leader_ = false;
  reachable_ = false;
  holder_.clear();
  next_.reset();
  detail_ = std::move(why);
}

ForwardBar Leadership::bar() const {
  if (ledger_ == nullptr) return ForwardBar::none;
  const auto all = [](const Pause& pause) { return pause.scope == kClusterScope; };
  if (leader_ && flapping_) return ForwardBar::lease_flapping;
  if (leader_ && std::any_of(pauses_.begin(), pauses_.end(), all)) return ForwardBar::paused;
  if (leader_) return ForwardBar::none;
  return reachable_ ? ForwardBar::not_leader : ForwardBar::ledger_lost;
}

}  // namespace homeostat
