// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/alert_book.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "controller/loop/rfc3339.hpp"

namespace homeostat {
namespace {

/// Due at once when the instance has not heard of this state of the entry.
TimePoint due_at(const AlertReceipts& receipts, const AlertLabels& labels,
                 const AlertBook::Entry& entry, Duration resend) {
  const auto receipt = receipts.receipts.find(labels);
  const bool heard = receipt != receipts.receipts.end() && receipt->second.changed == entry.changed;
  return heard ? receipt->second.sent + resend : entry.changed;
}

}  // namespace

bool AlertBook::update(std::vector<Alert> active, WallTime wall, TimePoint now) {
  bool news = false;
  std::map<AlertLabels, Alert> present;
  for (auto& alert : active) present.emplace(alert.labels, std::move(alert));

  for (auto& [labels, entry] : entries) {
    if (entry.ended || present.contains(labels)) continue;
    entry.ended = wall;
    entry.changed = now;
    news = true;
  }
  for (auto& [labels, alert] : present) {
    auto& entry = entries[labels];
    const bool goes_on = !entry.alert.labels.empty() && !entry.ended;
    const WallTime starts = goes_on ? entry.alert.starts : alert.starts;
    entry.alert = std::move(alert);
    entry.alert.starts = starts;
    if (goes_on) continue;
    entry.ended.reset();
    entry.changed = now;
    news = true;
  }
  return news;
}

std::size_t AlertBook::prune(TimePoint now, Duration keep, std::size_t capacity) {
  std::erase_if(entries, [&](const auto& item) {
    return item.second.ended && now - item.second.changed >= keep;
  });
  std::size_t dropped = 0;
  while (entries.size() > capacity) {
    // Ends before active ones; among ends the oldest, among active ones the newest.
    const auto victim =
        std::min_element(entries.begin(), entries.end(), [](const auto& left, const auto& right) {
          const auto rank = [](const Entry& entry) {
            const auto age = entry.changed.time_since_epoch().count();
            return std::make_tuple(!entry.ended.has_value(), entry.ended ? age : -age);
          };
          return rank(left.second) < rank(right.second);
        });
    entries.erase(victim);
    ++dropped;
  }
  return dropped;
}

std::vector<AlertBook::Entry> AlertReceipts::due(const AlertBook& book, TimePoint now,
                                                 Duration resend, std::size_t most) const {
  std::vector<AlertBook::Entry> found;
  for (const auto& [labels, entry] : book.entries) {
    if (found.size() == most) break;
    if (due_at(*this, labels, entry, resend) <= now) found.push_back(entry);
  }
  return found;
}

std::optional<TimePoint> AlertReceipts::next_due(const AlertBook& book, Duration resend) const {
  std::optional<TimePoint> next;
  for (const auto& [labels, entry] : book.entries) {
    const TimePoint at = due_at(*this, labels, entry, resend);
    if (!next || at < *next) next = at;
  }
  return next;
}

void AlertReceipts::received(const AlertBook& book, const std::vector<AlertBook::Entry>& sent,
                             TimePoint now) {
  for (const auto& entry : sent) receipts[entry.alert.labels] = {now, entry.changed};
  std::erase_if(receipts, [&](const auto& item) { return !book.entries.contains(item.first); });
}

std::string alertmanager_json(const std::vector<AlertBook::Entry>& entries, WallTime wall,
                              Duration valid) {
  auto body = nlohmann::json::array();
  for (const auto& entry : entries) {
    const WallTime ends = entry.ended ? *entry.ended : wall + valid;
    // An end before its start is refused; both clocks may have been set since.
    const WallTime starts = std::min(entry.alert.starts, ends);
    body.push_back({{"labels", entry.alert.labels},
                    {"annotations", entry.alert.annotations},
                    {"startsAt", rfc3339(starts)},
                    {"endsAt", rfc3339(ends)}});
  }
  // Text from servers and files may hold bytes that are no UTF-8: replaced, not refused.
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace homeostat
