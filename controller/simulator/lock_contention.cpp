// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/lock_contention.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace homeostat {
namespace {

constexpr double kWander = 0.3;          // standard deviation of the load, as a share of the band
constexpr double kFewestRunning = 0.05;  // of the open transactions, when nearly all wait

const Subject kMain{SubjectKind::node, "main"};
const Subject kZone{SubjectKind::zone, "1"};

/// Odds, so that cutting the rate at which waits begin to a share acts as it does on a queue of two
/// states: 41 % becomes 19.6 % at 0.35.
double cut(double ratio, double left) {
  const double odds = left * ratio / (1 - ratio);
  return odds / (1 + odds);
}

}  // namespace

LockContention::LockContention(const LockContentionParameters& parameters, Random random)
    : parameters_(parameters), random_(std::move(random)) {
  samples_ = {ratio("pg_blocked_ratio", kMain, 0, 0, {}),
              gauge("pg_open_transactions", kZone, 0, {}),
              ratio("pg_row_blocked_ratio", kMain, 0, 0, {})};
}

/// Nine tenths of the time inside the band by itself, and never outside it.
void LockContention::open_transactions(double seconds, const Waits& waits) {
  const auto& p = parameters_;
  const double keep = std::exp(-seconds / to_seconds(p.load_memory));
  wander_ = keep * wander_ + std::sqrt(1 - keep * keep) * random_.normal();
  const double middle = (p.most_open + p.least_open) / 2.0;
  const double load = middle + wander_ * (p.most_open - p.least_open) * kWander;
  const double running = std::max(1 - waits.row - waits.relation, kFewestRunning);
  const double piled_up = load * (1 - p.base_ratio) / running;
  open_ = std::clamp(static_cast<int>(std::lround(piled_up)), p.least_open, p.most_open);
}

LockContention::Waits LockContention::demanded(const std::vector<Incident>& active,
                                               double left) const {
  // Convoys are a part of what is normal.
  const auto& p = parameters_;
  const double convoys = p.convoys_per_hour / 3600 * to_seconds(p.convoy_wait) * p.convoy_share / 2;
  Waits waits{std::max(p.base_ratio - convoys, 0.0), 0};
  for (const auto& incident : active) {
    auto& kind = incident.kind == "relation" ? waits.relation : waits.row;
    kind = kind + (1 - kind) * incident.level;  // on top of what is normal
  }
  waits.row = cut(waits.row, left);
  return waits;
}

/// How many wait after `seconds`, when in the long run `share` of all do: two states, exactly.
int LockContention::moved(int waiting, int running, double share, double seconds) {
  const double rate = 1 / to_seconds(parameters_.wait) / (1 - share);
  const double mixed = 1 - std::exp(-rate * seconds);
  const int released = random_.binomial(waiting, (1 - share) * mixed);
  return waiting - released + random_.binomial(running, share * mixed);
}

void LockContention::convoy(double seconds, double left) {
  if (in_convoy_ > 0 && random_.chance(seconds / to_seconds(parameters_.convoy_wait))) {
    in_convoy_ = 0;
  }
  if (!random_.chance(seconds * left * parameters_.convoys_per_hour / 3600)) return;
  const double share = random_.between(0, parameters_.convoy_share);
  in_convoy_ = std::max(in_convoy_, static_cast<int>(std::lround(share * open_)));
}

Result<void> LockContention::advance(Duration step, const std::vector<Incident>& active,
                                     const LeversInForce& levers) {
  const double seconds = to_seconds(step);
  const auto& p = parameters_;
  const double rebuildable = admitted(levers, "class/rebuildable");
  const double batch = admitted(levers, "class/batch");
  const double non_critical = admitted(levers, "class/non_critical");
  const double left = 1 - p.rebuildable * (1 - rebuildable) - p.batch * (1 - batch) -
                      p.non_critical * (1 - non_critical);
  const auto waits = demanded(active, left);
  open_transactions(seconds, waits);

  const int running = std::max(open_ - row_ - relation_, 0);
  row_ = std::min(moved(row_, running, waits.row, seconds), open_);
  convoy(seconds, left);
  // Who waits for a table waits until the DDL is over, and then nobody does.
  relation_ = waits.relation > 0 ? random_.binomial(open_, waits.relation) : 0;
  const int waiting = std::min(row_ + relation_ + in_convoy_, open_);

  samples_[0].quality = open_ > 0 ? Quality::whole : Quality::empty;
  samples_[0].reason = AbsentReason::none;
  samples_[0].numerator = waiting;
  samples_[0].denominator = open_;
  samples_[1].numerator = open_;
  samples_[2] = ratio("pg_row_blocked_ratio", kMain, std::min(row_ + in_convoy_, open_), open_, {});
  truth_.non_critical = std::min({rebuildable, batch, non_critical});
  truth_.controlled = waits.row + (1 - waits.row) * waits.relation;
  return {};
}

std::vector<Quantity> LockContention::quantities() const {
  return {{"open_transactions", open_},
          {"row_waiters", row_ + in_convoy_},
          {"relation_waiters", relation_}};
}

}  // namespace homeostat
