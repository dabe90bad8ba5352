// SPDX-License-Identifier: Apache-2.0
#include "probes/kafka_lag.hpp"

#include <utility>

#include "probes/kafka_batch_note.hpp"
#include "probes/kafka_details.hpp"

namespace homeostat {

namespace asio = boost::asio;
namespace {

bool is_due(std::optional<TimePoint> last, Duration every, TimePoint now) {
  return !last || now - *last >= every;
}

}  // namespace

KafkaLag::KafkaLag(asio::any_io_executor executor, KafkaLagOptions options)
    : options_{std::move(options)},
      subject_{SubjectKind::group, options_.group},
      group_{std::move(executor), options_.address, options_.group},
      progress_{options_.windows} {}

std::vector<SignalName> KafkaLag::signals() const {
  std::vector<SignalName> all{"kafka_consumer_lag_events",
                              "kafka_consumer_lag_seconds",
                              "kafka_arrival_events_per_second",
                              "kafka_consumed_events_per_second",
                              "kafka_consumer_stalled_partitions",
                              "kafka_consumer_lost_events",
                              "kafka_group_stable"};
  if (options_.reports) all.emplace_back("kafka_efficient_batch_events");
  return all;
}

asio::awaitable<Result<Reading>> KafkaLag::sample(TimePoint now, Duration deadline) {
  const bool discover = consumed_.empty() || is_due(discovered_, options_.discover_every, now);
  const bool thorough = is_due(thorough_, options_.thorough_every, now);
  // Before the answer: one that comes too late must not be asked for at every reading.
  if (discover) discovered_ = now;
  if (thorough) thorough_ = now;
  std::vector<kafka::TopicPartition> of;
  if (!discover) of = consumed_;
  const auto depth = thorough ? kafka::Depth::everything : kafka::Depth::offsets;
  Result<kafka::GroupOffsets> offsets = co_await group_.read(std::move(of), deadline, depth);
  if (!offsets.has_value()) {
    // A topic may be gone, or the group: the next reading asks what there is. An outage does not.
    if (offsets.error().code == ErrorCode::not_found) consumed_.clear();
    state_.reset();
    co_return offsets.error();
  }
  if (discover) {
    consumed_.clear();
    for (const auto& one : offsets->partitions) consumed_.push_back(one.of);
  }
  if (thorough) state_ = offsets->state;
  offsets->state = state_;
  Reading reading = reading_of(*offsets, now);
  co_return reading;
}

Reading KafkaLag::reading_of(const kafka::GroupOffsets& offsets, TimePoint now) {
  const auto standing = progress_.add(offsets, now);
  Reading reading;
  reading.identity.server = offsets.cluster;
  const auto give = [&](std::string_view signal, std::optional<double> value, AbsentReason why) {
    reading.samples.push_back(value ? gauge(SignalName{signal}, subject_, *value, now)
                                    : absent(SignalName{signal}, subject_, why, now));
  };
  const auto why = standing.why_absent;
  give("kafka_consumer_lag_events", standing.lag_events, why);
  give("kafka_consumer_lag_seconds", standing.lag_seconds, why);
  give("kafka_arrival_events_per_second", standing.arrival_events_per_second, why);
  give("kafka_consumed_events_per_second", standing.consumed_events_per_second, why);
  give("kafka_consumer_stalled_partitions", standing.stalled_partitions, why);
  give("kafka_consumer_lost_events", standing.lost_events, why);
  const auto stable = offsets.state == kafka::GroupState::stable ? 1.0 : 0.0;
  give("kafka_group_stable", offsets.state ? std::optional{stable} : std::nullopt,
       AbsentReason::failed);
  if (options_.reports) add_efficient_batch(standing, now, reading);
  std::string text{to_text(standing.condition)};
  if (offsets.state) text += ", group " + std::string{to_text(*offsets.state)};
  if (!standing.remark.empty()) text += ": " + standing.remark;
  reading.notes.push_back({subject_, "consumer", std::move(text)});
  reading.details = details_of(subject_, standing.condition, progress_, options_.partition_metrics);
  return reading;
}

void KafkaLag::add_efficient_batch(const GroupStanding& standing, TimePoint now,
                                   Reading& reading) const {
  const SignalName signal = "kafka_efficient_batch_events";
  const auto found = options_.reports->groups.find(options_.group);
  const auto& rate = standing.arrival_events_per_second;
  if (found == options_.reports->groups.end()) {
    const auto why = options_.reports->lost ? AbsentReason::failed : AbsentReason::never_sampled;
    reading.samples.push_back(absent(signal, subject_, why, now));
    return;
  }
  const auto& [sums, members] = found->second;
  const auto cost = fit(sums);
  if (cost.has_value() && members > 0 && rate) {
    const auto events = efficient_batch(*cost, *rate / members);
    reading.samples.push_back(gauge(signal, subject_, events, now));
  } else {
    const auto why = rate ? AbsentReason::never_sampled : standing.why_absent;
    reading.samples.push_back(absent(signal, subject_, why, now));
  }
  reading.notes.push_back({subject_, "batches", batch_note(found->second, cost, rate)});
}

}  // namespace homeostat
