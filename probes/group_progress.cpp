// SPDX-License-Identifier: Apache-2.0
#include "probes/group_progress.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<ConsumerCondition, 7> kConditionNames{{
    {ConsumerCondition::unknown, "unknown"},
    {ConsumerCondition::keeping_up, "keeping_up"},
    {ConsumerCondition::catching_up, "catching_up"},
    {ConsumerCondition::slow, "slow"},
    {ConsumerCondition::stalled, "stalled"},
    {ConsumerCondition::stopped, "stopped"},
    {ConsumerCondition::rewound, "rewound"},
}};

std::string named(const kafka::TopicPartition& of) {
  return of.topic + "/" + std::to_string(of.partition);
}

std::string broken(const kafka::TopicPartition& of, Continuity continuity) {
  switch (continuity) {
    case Continuity::uncommitted:
      return named(of) + ": the group has committed no offset there, and there are events";
    case Continuity::rewound:
      return named(of) + ": the group was set back";
    case Continuity::recreated:
      return named(of) + ": the log is shorter than it was: the topic is a new one";
    case Continuity::goes_on:
      break;
  }
  return {};
}

ConsumerCondition condition_of(Pace pace) {
  switch (pace) {
    case Pace::keeping_up:
      return ConsumerCondition::keeping_up;
    case Pace::catching_up:
      return ConsumerCondition::catching_up;
    case Pace::slow:
      return ConsumerCondition::slow;
    case Pace::stalled:
      break;
  }
  return ConsumerCondition::stalled;
}

std::optional<double> as_double(std::optional<std::int64_t> number) {
  return number ? std::optional<double>{static_cast<double>(*number)} : std::nullopt;
}

void add_up(std::optional<double>& sum, std::optional<double> more) {
  sum = sum && more ? std::optional<double>{*sum + *more} : std::nullopt;
}

void add_up(Standing& sum, const PartitionProgress& progress) {
  add_up(sum.lag_events, as_double(progress.lag()));
  add_up(sum.arrival_events_per_second, progress.arrival_rate());
  add_up(sum.consumed_events_per_second, progress.consumed_rate());
}

}  // namespace

GroupStanding GroupProgress::add(const kafka::GroupOffsets& offsets, TimePoint taken) {
  const bool elsewhere = !cluster_.empty() && cluster_ != offsets.cluster;
  if (elsewhere) partitions_.clear();
  cluster_ = offsets.cluster;
  std::set<kafka::TopicPartition> read;
  const auto partitions_before = partitions_.size();
  std::string remark_of_break;
  auto reason = AbsentReason::never_sampled;
  for (const auto& one : offsets.partitions) {
    read.insert(one.of);
    auto& progress = partitions_.try_emplace(one.of, windows_).first->second;
    const auto continuity = progress.add(one, taken);
    if (continuity == Continuity::goes_on || !remark_of_break.empty()) continue;
    remark_of_break = broken(one.of, continuity);
    reason = continuity == Continuity::uncommitted ? AbsentReason::partial
                                                   : AbsentReason::identity_changed;
  }
  const auto gone =
      std::erase_if(partitions_, [&](const auto& entry) { return !read.contains(entry.first); });
  // Other logs than before: their ends together are no line.
  if (gone > 0 || partitions_.size() != partitions_before || !remark_of_break.empty()) rise_ = {};
  follow_rise(taken);
  if (elsewhere) {
    arrival_.reset();
    GroupStanding nothing;
    nothing.why_absent = AbsentReason::identity_changed;
    nothing.remark = "another cluster answers: " + cluster_;
    return nothing;
  }
  auto standing = sum();
  arrival_ = standing.arrival_events_per_second;
  standing.why_absent = reason;
  standing.condition = condition(offsets.state);
  standing.remark = remark_of_break.empty() ? remark(standing.condition) : remark_of_break;
  return standing;
}

void GroupProgress::follow_rise(TimePoint taken) {
  std::int64_t arrived = 0;
  for (const auto& [of, progress] : partitions_) arrived += progress.end();
  if (!rise_.add(arrived, taken, arrival_)) return;
  for (auto& [of, progress] : partitions_) progress.forget_earlier_arrivals();
}

GroupStanding GroupProgress::sum() const {
  GroupStanding standing;
  if (partitions_.empty()) return standing;
  standing.lag_events = standing.lag_seconds = standing.lost_events = 0;
  standing.arrival_events_per_second = standing.consumed_events_per_second = 0;
  standing.stalled_partitions = 0;
  for (const auto& [of, progress] : partitions_) {
    add_up(standing, progress);
    add_up(standing.lost_events, as_double(progress.lost()));
    const auto pace = progress.pace();
    add_up(standing.stalled_partitions,
           pace ? std::optional<double>{*pace == Pace::stalled ? 1 : 0} : std::nullopt);
    const auto seconds = progress.lag_seconds();
    standing.lag_seconds = standing.lag_seconds && seconds
                               ? std::optional<double>{std::max(*standing.lag_seconds, *seconds)}
                               : std::nullopt;
  }
  return standing;
}

std::map<std::string, Standing> GroupProgress::topics() const {
  std::map<std::string, Standing> topics;
  for (const auto& [of, progress] : partitions_) {
    const auto [found, first] = topics.try_emplace(of.topic);
    if (first) found->second = {0.0, 0.0, 0.0};
    add_up(found->second, progress);
  }
  return topics;
}

// A stalled partition is bad news even while others are not judged yet; good news waits for all.
ConsumerCondition GroupProgress::condition(std::optional<kafka::GroupState> state) const {
  auto worst = Pace::keeping_up;
  bool known = !partitions_.empty();
  bool some_read = false;  // of those that have something to read
  for (const auto& [of, progress] : partitions_) {
    if (progress.rewound()) return ConsumerCondition::rewound;
    const auto pace = progress.pace();
    known = known && pace && progress.continuity() == Continuity::goes_on;
    if (!pace) continue;
    worst = std::max(worst, *pace);
    some_read = some_read || *pace == Pace::catching_up || *pace == Pace::slow;
  }
  if (worst != Pace::stalled) return known ? condition_of(worst) : ConsumerCondition::unknown;
  const bool nobody = state == kafka::GroupState::empty || state == kafka::GroupState::dead;
  return nobody && !some_read ? ConsumerCondition::stopped : ConsumerCondition::stalled;
}

// What was lost, then who was set back; then stalled before slow, and of those the partition with
// most to read.
std::string GroupProgress::remark(ConsumerCondition condition) const {
  const std::pair<const kafka::TopicPartition, PartitionProgress>* found = nullptr;
  std::pair<Pace, std::int64_t> grade{Pace::slow, 0};
  for (const auto& entry : partitions_) {
    const auto lost = entry.second.lost().value_or(0);
    if (lost > 0) {
      return named(entry.first) + ": " + std::to_string(lost) +
             " events were deleted by retention before the group had read them";
    }
    if (entry.second.rewound()) return broken(entry.first, Continuity::rewound);
    const auto pace = entry.second.pace();
    const auto lag = entry.second.lag();
    if (!pace || !lag || std::pair{*pace, *lag} < grade) continue;
    grade = {*pace, *lag};
    found = &entry;
  }
  if (found == nullptr) return {};
  const bool stopped = condition == ConsumerCondition::stopped;
  return named(found->first) + ": " + std::string{stopped ? "stopped" : to_text(grade.first)} +
         ", " + std::to_string(grade.second) + " events to read" +
         (stopped ? ", and the group has no member" : "");
}

std::string_view to_text(ConsumerCondition condition) {
  return name_of(kConditionNames, condition);
}

}  // namespace homeostat
