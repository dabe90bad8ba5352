// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/reconciler.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr int kRevertsPerTick = 5;  // S6: a revert storm would be a second incident
constexpr Duration kShowYielded = std::chrono::minutes{5};  // long enough for an alert to be seen
// Of a row that was found in the ledger, which keeps no durations; as in the policy language.
constexpr Duration kUsualTtl = std::chrono::minutes{2};
constexpr Duration kFirstRetry = std::chrono::seconds{1};
constexpr Duration kLongestRetry = kLongestBetweenStarts;  // H23

std::optional<double> number_at(const LeverValue& value, const std::string& argument) {
  const auto at = value.arguments.find(argument);
  if (at == value.arguments.end()) return std::nullopt;
  const auto* number = std::get_if<double>(&at->second);
  return number == nullptr ? std::nullopt : std::optional(*number);
}

/// True when `to` restricts less than `from`: movement that no bar and no budget stops.
bool towards_baseline(const LeverValue& from, const DesiredLever& to) {
  if (to.value.baseline()) return true;
  const bool regulated = !to.regulated.empty();
  const auto before = number_at(from, regulated ? to.regulated : "admit");
  const auto after = number_at(to.value, regulated ? to.regulated : "admit");
  if (!before || !after) return false;
  if (!regulated) return *after >= *before;
  return std::abs(*after - to.baseline) <= std::abs(*before - to.baseline);
}

DesiredLever revert_of(const LedgerRow& row, std::string reason) {
  DesiredLever back;
  back.key = row.key;
  back.value = row.prior;
  back.policy = row.policy;
  back.subject = row.subject;
  back.rung = row.rung;
  back.policy_hash = row.policy_hash;
  back.reason = std::move(reason);
  return back;
}

DesiredLever renewal_of(const LedgerRow& row, Duration ttl) {
  DesiredLever same;
  same.key = row.key;
  same.value = row.value;
  same.ttl = ttl;
  same.policy = row.policy;
  same.subject = row.subject;
  same.rung = row.rung;
  same.policy_hash = row.policy_hash;
  return same;
}

bool outcome_unknown(const Error& error) {
  return error.code == ErrorCode::timeout || error.code == ErrorCode::unavailable ||
         error.code == ErrorCode::superseded || error.code == ErrorCode::protocol;
}

}  // namespace

Reconciler::Reconciler(std::vector<Lever*> levers) {
  for (auto* lever : levers) levers_.emplace(lever->name(), lever);
}

void Reconciler::adopt(const std::vector<LedgerRow>& rows, std::int64_t epoch, TimePoint now) {
  drop();
  // The database takes each token once: within an epoch the sequence goes on.
  if (token_.epoch != epoch) token_ = {epoch, 0};
  for (const auto& row : rows) {
    Standing standing;
    standing.row = row;
    standing.expires = now + row.remaining;
    standing.ttl = std::max(row.remaining, kUsualTtl);
    standing_.emplace(row.key, std::move(standing));
  }
}

void Reconciler::drop() {
  standing_.clear();
  failed_.clear();
  yielded_back_.clear();
  fence_lost_.clear();
  reverts_this_tick_ = 0;
}

bool Reconciler::wants_change(const Standing& standing, const DesiredLever& desired,
                              bool barred) const {
  if (standing.row.value == desired.value) return false;
  return !barred || towards_baseline(standing.row.value, desired);
}

/// What is held stands where it stands, whatever the policies say of it meanwhile.
std::vector<DesiredLever> Reconciler::with_held(std::vector<DesiredLever> desired,
                                                const Options& options) {
  for (auto& [key, standing] : standing_) {
    standing.held = false;
    if (standing.yielded || !options.held.contains(key.lever)) continue;
    if (options.harmful.contains(key)) continue;
    const auto wanted =
        std::find_if(desired.begin(), desired.end(),
                     [&key = key](const DesiredLever& lever) { return lever.key == key; });
    if (wanted == desired.end()) {
      standing.held = true;
      desired.push_back(renewal_of(standing.row, standing.ttl));
    } else if (wanted->value != standing.row.value) {
      standing.held = true;
      wanted->value = standing.row.value;
    }
  }
  return desired;
}

asio::awaitable<std::vector<ActRecord>> Reconciler::step(const std::vector<DesiredLever>& wishes,
                                                         Options options, TimePoint now) {
  std::vector<ActRecord> acts;
  if (options.tick) reverts_this_tick_ = 0;
  const auto desired = with_held(wishes, options);

  std::set<LeverKey> wanted;
  for (const auto& lever : desired) wanted.insert(lever.key);
  std::erase_if(failed_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  // What we yielded is left alone until no policy wants it any more.
  std::erase_if(standing_, [&](const auto& entry) {
    return entry.second.yielded && !wanted.contains(entry.first);
  });
  std::erase_if(yielded_back_, [&](const auto& entry) {
    return entry.second.expires <= now || standing_.contains(entry.first);
  });

  // Giving back comes first: it is never wrong, and it frees what the rest may need.
  std::vector<DesiredLever> reverts;
  for (const auto& [key, standing] : standing_) {
    if (wanted.contains(key)) continue;
    if (now < standing.retry_at && !options.unpaced) continue;  // unpaced: there is no later try
    // Shed by the database's guard while nobody led: whoever comes back has seen nothing yet that
    // would say the storm is over. It ends by its expiry.
    if (standing.row.policy == kGuardPolicy && now < standing.expires && !options.unpaced) continue;
    if (!options.unpaced && reverts_this_tick_ >= kRevertsPerTick) break;
    ++reverts_this_tick_;
    reverts.push_back(revert_of(standing.row, "no policy wants it any more"));
  }
  for (const auto& revert : reverts) {
    if (fence_lost()) co_return acts;
    acts.push_back(co_await change(ChangeKind::revert, revert, now));
  }

  for (const auto& lever : desired) {
    if (fence_lost()) co_return acts;
    const bool barred =
        options.bar != ForwardBar::none ||
        std::binary_search(options.paused.begin(), options.paused.end(), lever.policy);
    const auto found = standing_.find(lever.key);
    if (found == standing_.end()) {
      const auto failed = failed_.find(lever.key);
      const bool due = failed == failed_.end() || now >= failed->second.retry_at;
      if (barred || !due) continue;
      acts.push_back(co_await change(ChangeKind::apply, lever, now));
      continue;
    }
    const auto& standing = found->second;
    if (standing.yielded || now < standing.retry_at) continue;
    if (wants_change(standing, lever, barred)) {
      acts.push_back(co_await change(ChangeKind::apply, lever, now));
    } else if (standing.row.value == lever.value &&
               (options.tick || standing.expires - now < lever.ttl / 2)) {
      acts.push_back(co_await change(ChangeKind::renew, lever, now, barred));
    }
  }
  co_return acts;
}

asio::awaitable<ActRecord> Reconciler::change(ChangeKind kind, const DesiredLever& desired,
                                              TimePoint now, bool barred) {
  ++token_.sequence;
  ActRecord record;
  record.at = now;
  record.kind = kind;
  record.key = desired.key;
  record.value = desired.value;
  record.policy = desired.policy;
  record.subject = desired.subject;
  record.rung = desired.rung;
  record.token = token_;

  const auto lever = levers_.find(desired.key.lever);
  if (lever == levers_.end()) {
    record.outcome = ChangeOutcome::refused;
    record.detail = "this configuration has no lever `" + desired.key.lever + "`";
  } else {
    Change order;
    order.kind = kind;
    order.token = token_;
    order.desired = desired;
    order.barred = barred;
    const auto result = co_await lever->second->apply(std::move(order));
    if (result.has_value()) {
      record.outcome = result->outcome;
      record.detail = result->detail;
      if (record.detail.empty() && kind != ChangeKind::renew) record.detail = desired.reason;
    } else if (outcome_unknown(result.error())) {
      record.outcome = ChangeOutcome::unknown;
      record.detail = result.error().context;
    } else {
      record.outcome = ChangeOutcome::refused;
      record.detail = result.error().context;
    }
  }
  const bool moved = kind == ChangeKind::apply && record.outcome == ChangeOutcome::applied;
  if (moved) co_await verify(lever->second, &record);
  settle(record, desired, now);
  co_return record;
}

void Reconciler::settle(const ActRecord& record, const DesiredLever& desired, TimePoint now) {
  const auto& key = record.key;
  switch (record.outcome) {
    case ChangeOutcome::applied: {
      failed_.erase(key);
      if (record.kind == ChangeKind::revert) {
        standing_.erase(key);
        return;
      }
      auto& standing = standing_[key];
      const auto prior = standing.row.prior;
      const bool held = standing.held;
      standing = Standing{};
      standing.held = held;
      standing.ttl = desired.ttl;
      standing.row = {key,
                      prior,
                      desired.value,
                      desired.policy,
                      desired.subject,
                      desired.rung,
                      desired.policy_hash,
                      desired.ttl,
                      record.token};
      standing.expires = now + desired.ttl;
      return;
    }
    case ChangeOutcome::yielded: {
      const bool going_back = record.kind == ChangeKind::revert;
      if (going_back) standing_.erase(key);
      auto& standing = going_back ? yielded_back_[key] : standing_[key];
      standing.row.key = key;
      standing.row.policy = desired.policy;
      standing.row.subject = desired.subject;
      standing.yielded = true;
      standing.held = false;
      standing.failing.reset();
      standing.refusals = 0;
      standing.last_error = record.detail;
      failed_.erase(key);  // nothing is tried there any more
      if (going_back) standing.expires = now + kShowYielded;
      return;
    }
    case ChangeOutcome::refused: {
      const bool open = standing_.contains(key);
      auto& standing = open ? standing_[key] : failed_[key];
      if (!open) standing.row.policy = desired.policy;
      standing.last_error = record.detail;
      ++standing.refusals;
      if (!standing.failing) standing.failing = now;
      standing.backoff = std::clamp(standing.backoff * 2, kFirstRetry, kLongestRetry);
      standing.retry_at = now + standing.backoff;
      return;
    }
    case ChangeOutcome::unknown:
      // H13: never a blind retry. Leadership asks the database again, and the ledger is read back.
      fence_lost_ = record.detail.empty() ? "the outcome of a change is unknown" : record.detail;
      return;
  }
}

asio::awaitable<void> Reconciler::verify(Lever* lever, ActRecord* record) {
  const auto standing = co_await lever->read(record->key.target);
  if (standing.has_value() && *standing == record->value) co_return;
  // Without an answer the change may stand, whatever kept the answer away: the ledger knows.
  record->outcome = standing.has_value() ? ChangeOutcome::refused : ChangeOutcome::unknown;
  record->detail = standing.has_value() ? "accepted, yet the target reads back another value"
                                        : standing.error().context;
}

std::vector<OpenLever> Reconciler::open(TimePoint now) const {
  std::vector<OpenLever> all;
  const auto show = [&](const Standing& standing) {
    OpenLever lever;
    lever.row = standing.row;
    lever.row.remaining = standing.expires - now;
    lever.drifted = standing.yielded;
    lever.held = standing.held;
    if (standing.failing) lever.failing = now - *standing.failing;
    lever.last_error = standing.last_error;
    if (!standing.yielded && standing.expires < now) lever.overdue = now - standing.expires;
    all.push_back(std::move(lever));
  };
  for (const auto& [key, standing] : standing_) show(standing);
  for (const auto& [key, standing] : yielded_back_) {
    if (!standing_.contains(key)) show(standing);
  }
  return all;
}

std::map<LeverKey, Reconciler::Refusal> Reconciler::refused() const {
  std::map<LeverKey, Refusal> all;
  for (const auto& [key, standing] : failed_) {
    const NotStarted tried{standing.failing.value_or(TimePoint{}), standing.refusals,
                           standing.last_error};
    all.emplace(key, Refusal{standing.row.policy, tried, standing.retry_at - standing.backoff});
  }
  return all;
}

}  // namespace homeostat
