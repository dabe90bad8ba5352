// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/sampler.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace homeostat {
namespace asio = boost::asio;
namespace {

/// Results of one round; `all_in` is cancelled by the last probe to finish.
struct Round {
  Round(const asio::any_io_executor& executor, std::size_t probes)
      : results(probes), waiting(probes), all_in(executor, asio::steady_timer::time_point::max()) {}
  std::vector<std::optional<Result<Reading>>> results;
  std::size_t waiting;
  asio::steady_timer all_in;
};

asio::awaitable<void> sample_into(std::shared_ptr<Round> round, std::size_t slot, Probe* probe,
                                  TimePoint now, Duration deadline) {
  try {
    auto reading = co_await probe->sample(now, deadline);
    round->results[slot] = std::move(reading);
  } catch (const std::exception& failure) {
    Error error{ErrorCode::internal, failure.what(), {}};
    round->results[slot] = std::move(error);
  }
  if (--round->waiting == 0) round->all_in.cancel();
}

/// Whether somebody is there, be it with an error.
bool answers(const Result<Reading>& result) {
  return result.has_value() || (result.error().code != ErrorCode::timeout &&
                                result.error().code != ErrorCode::unavailable);
}

AbsentReason reason_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::timeout:
    case ErrorCode::cancelled:
      return AbsentReason::timeout;
    case ErrorCode::missing_privilege:
      return AbsentReason::missing_privilege;
    default:
      return AbsentReason::failed;
  }
}

}  // namespace

Sampler::Sampler(std::vector<Probe*> probes)
    : probes_(std::move(probes)), last_(probes_.size()), details_(probes_.size()) {
  for (const auto* probe : probes_) {
    statuses_.push_back({std::string(probe->name()), probe->subject(), false, "not sampled yet"});
  }
}

asio::awaitable<std::vector<Sample>> Sampler::sample(TimePoint now, Duration deadline) {
  const auto executor = co_await asio::this_coro::executor;
  const auto round = std::make_shared<Round>(executor, probes_.size());
  const auto rethrow = [](std::exception_ptr failure) {
    if (failure) std::rethrow_exception(failure);
  };
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    asio::co_spawn(executor, sample_into(round, i, probes_[i], now, deadline), rethrow);
  }
  while (round->waiting > 0) {
    boost::system::error_code cancelled;
    co_await round->all_in.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  }

  std::vector<Sample> samples;
  std::map<Subject, bool> up;
  const auto join = [&up](const Subject& subject, bool is_up) {
    const auto [known, first] = up.emplace(subject, is_up);
    if (!first) known->second = known->second && is_up;
  };
  for (std::size_t i = 0; i < probes_.size(); ++i) {
    auto& result = *round->results[i];
    auto& status = statuses_[i];
    status.up = result.has_value();
    join(status.subject, status.up);
    for (const auto& part : probes_[i]->parts()) join(part, answers(result));
    details_[i].clear();
    if (!status.up) {
      status.error = result.error().context;
      for (const auto& [signal, subject] : expected(i)) {
        samples.push_back(absent(signal, subject, reason_of(result.error()), now));
      }
      continue;
    }
    status.error.clear();
    auto& reading = *result;
    last_[i].clear();
    for (const auto& sample : reading.samples) {
      last_[i].emplace_back(sample.signal, sample.subject);
    }
    if (!reading.identity.server.empty()) identities_[status.subject] = reading.identity.server;
    details_[i] = std::move(reading.details);
    notes_[status.probe + " " + to_text(status.subject)] = std::move(reading.notes);
    std::move(reading.samples.begin(), reading.samples.end(), std::back_inserter(samples));
  }
  for (const auto& [subject, is_up] : up) {
    samples.push_back(gauge(std::string(kAlwaysKnown), subject, is_up ? 1 : 0, now));
  }
  co_return samples;
}

std::vector<std::pair<SignalName, Subject>> Sampler::expected(std::size_t probe) const {
  if (!last_[probe].empty()) return last_[probe];
  std::vector<std::pair<SignalName, Subject>> all;
  for (auto& signal : probes_[probe]->signals()) {
    all.emplace_back(std::move(signal), statuses_[probe].subject);
  }
  return all;
}

std::vector<Note> Sampler::notes() const {
  std::vector<Note> all;
  for (const auto& [probe, notes] : notes_) all.insert(all.end(), notes.begin(), notes.end());
  return all;
}

std::vector<Detail> Sampler::details() const {
  std::vector<Detail> all;
  for (const auto& details : details_) all.insert(all.end(), details.begin(), details.end());
  return all;
}

std::string Sampler::identity(const Subject& subject) const {
  const auto found = identities_.find(subject);
  return found == identities_.end() ? std::string() : found->second;
}

}  // namespace homeostat
