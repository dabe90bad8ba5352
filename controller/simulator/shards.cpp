// SPDX-License-Identifier: Apache-2.0
#include "controller/simulator/shards.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "policies/engine/interlocks.hpp"
#include "policies/loader/scalars.hpp"

namespace homeostat {
namespace {

constexpr double kWeek = 7 * 86'400.0;
constexpr double kLargest = 1e18;  // bytes
constexpr double kSource = 0.10;   // the source document's largest deviation of a node

constexpr double kMargin = 0.95;  // of the deviation is planned for: shards grow meanwhile
const char* const kLocks = "locks";
const LeverKey kRebalance{"rebalance", "cluster"};

LockContentionParameters busy_server() {
  LockContentionParameters parameters;
  parameters.least_open = 30;
  parameters.most_open = 120;
  return parameters;
}

JobPhase phase_of(Shards::Phase phase) {
  if (phase == Shards::Phase::running) return JobPhase::running;
  return phase == Shards::Phase::finished ? JobPhase::finished : JobPhase::stopped;
}

/// Shares of one whole by Zipf's law, the largest first.
std::vector<double> zipf(int count, double exponent) {
  std::vector<double> shares;
  for (int rank = 1; rank <= count; ++rank) shares.push_back(std::pow(rank, -exponent));
  const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= sum;
  return shares;
}

/// Fisher and Yates.
void shuffle(std::vector<double>& values, Random& random) {
  for (std::size_t left = values.size(); left > 1; --left) {
    const auto other = static_cast<std::size_t>(random.uniform() * static_cast<double>(left));
    std::swap(values[left - 1], values[other]);
  }
}

std::vector<double> growth_rates(const ShardsParameters& parameters, Random& random) {
  auto rates = zipf(parameters.shards, parameters.growth_skew);
  shuffle(rates, random);
  for (double& rate : rates) rate *= parameters.bytes * parameters.growth_per_week / kWeek;
  return rates;
}

/// The largest first, each on the emptiest node (Graham 1969).
Placement well_spread(std::vector<double> bytes, int nodes) {
  Placement placement;
  placement.nodes = static_cast<std::size_t>(nodes);
  std::vector<double> loads(placement.nodes, 0);
  for (const double size : bytes) {
    const auto emptiest = std::min_element(loads.begin(), loads.end());
    *emptiest += size;
    placement.node.push_back(static_cast<std::size_t>(emptiest - loads.begin()));
  }
  placement.bytes = std::move(bytes);
  return placement;
}

}  // namespace

Shards::Shards(const ShardsParameters& parameters, Random random)
    : parameters_(parameters),
      growth_(growth_rates(parameters, random)),
      contention_(busy_server(), std::move(random)) {
  auto bytes = zipf(parameters.shards, parameters.size_skew);
  for (double& size : bytes) size *= parameters.bytes;
  placement_ = well_spread(std::move(bytes), parameters.nodes);
  first_node_ = placement_.node;
  samples_ = {gauge("citus_node_cv", {}, 0, {}), gauge("citus_node_max_deviation", {}, 0, {}),
              gauge("citus_shard_cv", {}, 0, {}), contention_.samples().front()};
}

void Shards::sort_out(const std::vector<Incident>& active) {
  popular_ = 1;
  locks_.clear();
  for (const auto& incident : active) {
    if (incident.kind == kLocks) {
      locks_.push_back(incident);
      locks_.back().kind = "row";
    } else {
      popular_ *= incident.level;
    }
  }
}

void Shards::grow(double seconds) {
  for (std::size_t shard = 0; shard < growth_.size(); ++shard) {
    const double factor = first_node_[shard] == 0 ? popular_ : 1;
    placement_.bytes[shard] += growth_[shard] * factor * seconds;
  }
}

void Shards::begin(double deviation) {
  auto plan = plan_moves(placement_, kMargin * deviation);
  moves_ = std::move(plan.moves);
  std::reverse(moves_.begin(), moves_.end());
  bytes_of_move_ = 0;
  rebalance_ = {Phase::running, now_, 0, plan.bytes, 0};
}

void Shards::move(double seconds) {
  double bytes = parameters_.move_bytes_per_second * seconds;
  while (!moves_.empty() && bytes > 0) {
    const auto& next = moves_.back();
    const double needed = placement_.bytes[next.shard] - bytes_of_move_;
    const double part = std::min(bytes, needed);
    bytes -= part;
    bytes_of_move_ += part;
    rebalance_.bytes_done += part;
    if (part < needed) break;
    placement_.node[next.shard] = next.to;
    moves_.pop_back();
    ++rebalance_.moves;
    bytes_of_move_ = 0;
  }
  rebalance_.bytes_left = -bytes_of_move_;
  for (const auto& left : moves_) rebalance_.bytes_left += placement_.bytes[left.shard];
  if (moves_.empty()) rebalance_.phase = Phase::finished;
}

/// A rebalance begins when the lever is set, and not again while it stays set.
void Shards::obey(const std::optional<double>& deviation, double seconds) {
  if (deviation && !asked_) begin(*deviation);
  asked_ = deviation.has_value();
  if (rebalance_.phase != Phase::running) return;
  if (asked_) {
    move(seconds);
  } else {
    rebalance_.phase = Phase::stopped;
  }
}

void Shards::measure(const LeversInForce& levers) {
  const auto loads = node_bytes(placement_);
  samples_[0].numerator = variation(loads);
  samples_[1].numerator = largest_excess(loads);
  samples_[2].numerator = variation(placement_.bytes);
  samples_[3] = contention_.samples().front();
  truth_.controlled = samples_[0].numerator;
  truth_.non_critical =
      std::min({admitted(levers, "class/rebuildable"), admitted(levers, "class/batch"),
                admitted(levers, "class/non_critical")});
}

Result<void> Shards::advance(Duration step, const std::vector<Incident>& active,
                             const LeversInForce& levers) {
  const double seconds = to_seconds(step);
  now_ += seconds;
  sort_out(active);
  grow(seconds);
  obey(argument(levers, kRebalance.lever, kRebalance.target, "deviation"), seconds);
  if (auto waited = contention_.advance(step, locks_, levers); !waited.has_value()) return waited;
  measure(levers);
  const double all = std::accumulate(placement_.bytes.begin(), placement_.bytes.end(), 0.0);
  if (auto error = diverged(*this, "bytes of all shards", all, kLargest, from_seconds(now_))) {
    return *std::move(error);
  }
  return {};
}

std::vector<Quantity> Shards::quantities() const {
  return {{"bytes_moved", rebalance_.bytes_done},
          {"bytes_to_move", rebalance_.bytes_left},
          {"moves_done", rebalance_.moves}};
}

std::map<LeverKey, JobProgress> Shards::jobs() const {
  if (rebalance_.phase == Phase::none) return {};
  JobProgress progress;
  progress.phase = phase_of(rebalance_.phase);
  progress.started = TimePoint{} + from_seconds(rebalance_.started);
  progress.bytes_done = rebalance_.bytes_done;
  progress.left = from_seconds(rebalance_.bytes_left / parameters_.move_bytes_per_second);
  return {{kRebalance, progress}};
}

/// One that lets data grow is none of those who look at locks only, and the other way round.
bool Shards::concerns(const Incident& incident, const Policy& policy) const {
  const bool locks = incident.kind == kLocks;
  return std::any_of(policy.open.arms.begin(), policy.open.arms.end(),
                     [locks](const Arm& arm) { return judges_balance(arm) != locks; });
}

bool Shards::felt(const Incident& incident) const {
  return incident.kind == kLocks || truth_.controlled > controlled().limit;
}

/// Invariant 7: what no moves can put right.
std::vector<PlantFinding> Shards::findings() const {
  const auto plan = plan_moves(placement_, kSource);
  if (!plan.too_large) return {};
  const double all = std::accumulate(placement_.bytes.begin(), placement_.bytes.end(), 0.0);
  const double fair = all / static_cast<double>(placement_.nodes);
  const double share = placement_.bytes[*plan.too_large] / fair;
  return {{7, "infeasible: shard " + std::to_string(*plan.too_large) + " alone is " +
                  loader::format_number(std::round(share * 100) / 100) +
                  " of what a node should hold, and at most " + loader::format_number(1 + kSource) +
                  " may be on one: moves cannot balance it, only a split can"}};
}

}  // namespace homeostat
