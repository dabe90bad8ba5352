// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/backtest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "policies/model/codec.hpp"

namespace homeostat {
namespace {

/// Half an hour: the same action any later is another one.
constexpr Duration kSameAction = std::chrono::minutes{30};

const PolicySet& judge_of(const BacktestOptions& options) {
  return options.against ? *options.against : options.policies;
}

void account(const BacktestSide& side, WallTime wall, Account& account) {
  for (const auto& effect : side.effects) account.add(effect, wall);
  for (const auto& verdict : side.verdicts) account.add(verdict, wall);
}

template <class Value>
std::int64_t differing(const std::vector<Value>& one, const std::vector<Value>& other) {
  const auto both = std::min(one.size(), other.size());
  auto count = static_cast<std::int64_t>(std::max(one.size(), other.size()) - both);
  for (std::size_t at = 0; at < both; ++at) {
    if (to_json(one[at]).dump() != to_json(other[at]).dump()) ++count;
  }
  return count;
}

std::int64_t differing(const BacktestSide& one, const BacktestSide& other) {
  return differing(one.verdicts, other.verdicts) + differing(one.effects, other.effects);
}

}  // namespace

Backtest::Backtest(BacktestOptions options)
    : options_(std::move(options)),
      one_(options_.policies),
      replayed_(options_.policies, options_.speed_up),
      other_(judge_of(options_), options_.speed_up) {
  if (options_.against) against_.emplace(*options_.against);
}

bool Backtest::counted(WallTime wall) const {
  return (!options_.from || wall >= *options_.from) && (!options_.until || wall <= *options_.until);
}

void Backtest::add(const journal::RecordedStep& recorded) {
  const auto& step = recorded.step;
  const bool begins = run_ != recorded.run;
  run_ = recorded.run;
  const auto one = one_.step(step, begins);
  const auto two = against_ ? against_->step(step, begins) : std::nullopt;
  if (!counted(step.wall)) return;
  note(recorded, begins);
  if (!one) return;
  const BacktestSide here{one->verdicts, one->effects};
  account(here, step.wall, replayed_);
  const bool compared = two || options_.decided;
  const BacktestSide there =
      two ? BacktestSide{two->verdicts, two->effects} : BacktestSide{step.verdicts, step.effects};
  if (options_.watch) options_.watch(step, here, compared ? &there : nullptr);
  if (!compared) return;
  account(there, step.wall, other_);
  const auto differ = differing(here, there);
  differing_ += differ;
  if (differ > 0 && !first_difference_) first_difference_ = step.wall;
}

void Backtest::note(const journal::RecordedStep& recorded, bool begins) {
  const auto& step = recorded.step;
  ++facts_.steps;
  if (begins && options_.decided) {
    ++facts_.starts;
    if (!step.basis) ++facts_.unknown_beginnings;
  } else if (facts_.last) {
    const auto gap = step.wall - *facts_.last;
    if (gap > options_.policies.settings.stale_after) ++facts_.gaps;
    facts_.longest_gap = std::max(facts_.longest_gap, gap);
  }
  if (!facts_.first) facts_.first = step.wall;
  facts_.last = step.wall;
  if (step.bar != ForwardBar::none) ++facts_.barred;
  for (const auto& act : step.acts) {
    if (act.kind == ChangeKind::apply && act.outcome == ChangeOutcome::applied) ++facts_.acts;
  }
  if (step.basis) note_policies(*step.basis);
}

void Backtest::note_policies(const Basis& basis) {
  const auto& mine = options_.policies.policies;
  for (const auto& stamp : basis.policies) {
    const bool same = std::any_of(mine.begin(), mine.end(), [&](const Policy& policy) {
      return policy.name == stamp.policy && policy.hash == stamp.hash && policy.mode == stamp.mode;
    });
    if (same) continue;
    facts_.other_policies.insert(stamp.policy);
    if (!options_.against) other_.forget_thresholds(stamp.policy);
  }
}

std::vector<PairedAction> Backtest::actions() const {
  return compare(replayed_.actions(), other_.actions(), kSameAction / options_.speed_up);
}

}  // namespace homeostat
