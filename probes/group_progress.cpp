// SPDX-License-Identifier: Apache-2.0
#include "probes/group_progress.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace homeostat {
namespace {

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

void add_up(std::optional<double>& sum, std::optional<double> more) {
  sum = sum && more ? std::optional<double>{*sum + *more} : std::nullopt;
}

}  // namespace

GroupStanding GroupProgress::add(const kafka::GroupOffsets& offsets, TimePoint taken) {
  const bool elsewhere = !cluster_.empty() && cluster_ != offsets.cluster;
  if (elsewhere) partitions_.clear();
  cluster_ = offsets.cluster;
  std::set<kafka::TopicPartition> read;
  std::string remark;
  auto reason = AbsentReason::never_sampled;
  for (const auto& one : offsets.partitions) {
    read.insert(one.of);
    auto& progress = partitions_.try_emplace(one.of, windows_).first->second;
    const auto continuity = progress.add(one, taken);
    if (continuity == Continuity::goes_on || !remark.empty()) continue;
    remark = broken(one.of, continuity);
    reason = continuity == Continuity::uncommitted ? AbsentReason::partial
                                                   : AbsentReason::identity_changed;
  }
  std::erase_if(partitions_, [&](const auto& entry) { return !read.contains(entry.first); });
  if (elsewhere) {
    GroupStanding nothing;
    nothing.why_absent = AbsentReason::identity_changed;
    nothing.remark = "another cluster answers: " + cluster_;
    return nothing;
  }
  auto standing = sum();
  standing.why_absent = reason;
  standing.remark = remark.empty() ? worst() : remark;
  return standing;
}

GroupStanding GroupProgress::sum() const {
  GroupStanding standing;
  if (partitions_.empty()) return standing;
  standing.lag_events = standing.lag_seconds = 0;
  standing.arrival_events_per_second = standing.consumed_events_per_second = 0;
  for (const auto& [of, progress] : partitions_) {
    const auto lag = progress.lag();
    add_up(standing.lag_events,
           lag ? std::optional<double>{static_cast<double>(*lag)} : std::nullopt);
    add_up(standing.arrival_events_per_second, progress.arrival_rate());
    add_up(standing.consumed_events_per_second, progress.consumed_rate());
    const auto seconds = progress.lag_seconds();
    standing.lag_seconds = standing.lag_seconds && seconds
                               ? std::optional<double>{std::max(*standing.lag_seconds, *seconds)}
                               : std::nullopt;
  }
  return standing;
}

// Stalled before slow, and of those the one with most to read.
std::string GroupProgress::worst() const {
  const std::pair<const kafka::TopicPartition, PartitionProgress>* found = nullptr;
  std::pair<Pace, std::int64_t> grade{Pace::slow, 0};
  for (const auto& entry : partitions_) {
    const auto pace = entry.second.pace();
    const auto lag = entry.second.lag();
    if (!pace || !lag || std::pair{*pace, *lag} < grade) continue;
    grade = {*pace, *lag};
    found = &entry;
  }
  if (found == nullptr) return {};
  return named(found->first) + ": " + std::string{to_text(grade.first)} + ", " +
         std::to_string(grade.second) + " events to read";
}

}  // namespace homeostat
