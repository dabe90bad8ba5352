// SPDX-License-Identifier: Apache-2.0
#include "probes/partition_progress.hpp"

#include <algorithm>

#include "policies/model/names.hpp"

namespace homeostat {
namespace {

constexpr NameTable<Continuity, 4> kContinuities{{
    {Continuity::goes_on, "goes_on"},
    {Continuity::uncommitted, "uncommitted"},
    {Continuity::rewound, "rewound"},
    {Continuity::recreated, "recreated"},
}};

constexpr NameTable<Pace, 4> kPaces{{
    {Pace::keeping_up, "keeping_up"},
    {Pace::catching_up, "catching_up"},
    {Pace::slow, "slow"},
    {Pace::stalled, "stalled"},
}};

// Leaves one that is at least `window` old, so that a rate spans all of it; but after a gap in the
// readings none that is much older, which would be another time's rate. Two are always left.
template <class Point>
void forget(std::deque<Point>& points, Duration window) {
  const auto now = points.back().taken;
  while (points.size() > 1 && now - points[1].taken >= window) points.pop_front();
  while (points.size() > 2 && now - points[0].taken > 2 * window) points.pop_front();
}

std::optional<double> per_second(std::int64_t events, Duration span) {
  if (span <= Duration::zero()) return std::nullopt;
  return static_cast<double>(events) / to_seconds(span);
}

}  // namespace

Continuity PartitionProgress::add(const kafka::PartitionOffsets& offsets, TimePoint taken) {
  const auto end = offsets.end;
  // Where there is nothing to read, nothing is unread, whether that is committed or not.
  const auto begin = offsets.start ? *offsets.start : start_.value_or(0);
  const auto committed =
      end == begin && !offsets.committed ? std::optional<std::int64_t>{end} : offsets.committed;
  const bool below = committed_ && start_ && *committed_ < *start_;
  committed_ = committed;
  continuity_ = Continuity::goes_on;
  const bool shorter = !written_.empty() && end < written_.back().end;
  const bool begins_before =
      start_ && (end < *start_ || (offsets.start && *offsets.start < *start_));
  if (shorter || begins_before || (committed && *committed > end)) {
    continuity_ = Continuity::recreated;
    written_.clear();
    read_.clear();
    ends_.clear();
    start_.reset();
    rewound_.reset();
  } else if (!committed) {
    continuity_ = Continuity::uncommitted;
    read_.clear();
  } else if (!read_.empty() && *committed < read_.back().committed) {
    continuity_ = Continuity::rewound;
    rewound_ = taken;
    read_.clear();
  } else if (below && *committed >= *start_) {
    read_.clear();  // it has skipped what was deleted, and not read it
  }
  if (offsets.start) start_ = offsets.start;
  written_.push_back({taken, end});
  forget(written_, windows_.arrival);
  remember_end(end, taken);
  if (committed && *committed <= end) {
    read_.push_back({taken, *committed, end});
    forget(read_, windows_.judged);
  }
  return continuity_;
}

void PartitionProgress::forget_earlier_arrivals() {
  while (written_.size() > 2) written_.pop_front();
}

void PartitionProgress::remember_end(std::int64_t end, TimePoint taken) {
  const bool same = !ends_.empty() && ends_.back().end == end;
  const bool close =
      ends_.size() > 1 && ends_.back().taken - ends_[ends_.size() - 2].taken < windows_.spacing;
  if (same || close) {
    ends_.back() = {taken, end};
  } else {
    ends_.push_back({taken, end});
  }
  if (ends_.size() > windows_.kept) ends_.pop_front();
}

std::int64_t PartitionProgress::position() const {
  return std::max(read_.back().committed, start_.value_or(0));
}

std::optional<std::int64_t> PartitionProgress::lag() const {
  if (continuity_ != Continuity::goes_on || read_.empty()) return std::nullopt;
  return read_.back().end - position();
}

std::optional<std::int64_t> PartitionProgress::lost() const {
  if (continuity_ != Continuity::goes_on || read_.empty()) return std::nullopt;
  return position() - read_.back().committed;
}

bool PartitionProgress::rewound() const {
  return rewound_ && written_.back().taken - *rewound_ < windows_.judged;
}

std::optional<double> PartitionProgress::lag_seconds() const {
  const auto behind = lag();
  if (!behind) return std::nullopt;
  if (*behind == 0) return 0;
  const auto from = position();
  const auto now = read_.back().taken;
  const auto after =
      std::upper_bound(ends_.begin(), ends_.end(), from,
                       [](std::int64_t offset, const Written& seen) { return offset < seen.end; });
  if (after != ends_.begin()) return to_seconds(now - std::prev(after)->taken);
  const auto& first = ends_.front();
  const auto span = now - first.taken;
  const auto rate = per_second(ends_.back().end - first.end, span);
  if (span < windows_.judged || !rate || *rate <= 0) return std::nullopt;
  return to_seconds(span) + static_cast<double>(first.end - from) / *rate;
}

std::optional<double> PartitionProgress::arrival_rate() const {
  if (written_.size() < 2) return std::nullopt;
  return per_second(written_.back().end - written_.front().end,
                    written_.back().taken - written_.front().taken);
}

std::optional<double> PartitionProgress::consumed_rate() const {
  if (read_.size() < 2) return std::nullopt;
  return per_second(read_.back().committed - read_.front().committed,
                    read_.back().taken - read_.front().taken);
}

std::optional<Pace> PartitionProgress::pace() const {
  if (read_.empty()) return std::nullopt;
  const auto begin = start_.value_or(0);
  auto then = read_.begin();  // the oldest whose end still counts
  for (const auto& point : read_) {
    while (point.taken - then->taken > windows_.level) ++then;
    if (std::max(point.committed, begin) >= then->end) return Pace::keeping_up;
  }
  const auto& first = read_.front();
  const auto& last = read_.back();
  if (last.taken - first.taken < windows_.judged) return std::nullopt;
  if (last.committed == first.committed) return Pace::stalled;
  return last.end - last.committed < first.end - first.committed ? Pace::catching_up : Pace::slow;
}

std::string_view to_text(Continuity continuity) { return name_of(kContinuities, continuity); }
std::string_view to_text(Pace pace) { return name_of(kPaces, pace); }

}  // namespace homeostat
