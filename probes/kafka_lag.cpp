// SPDX-License-Identifier: Apache-2.0
#include "probes/kafka_lag.hpp"

#include <utility>

namespace homeostat {

namespace asio = boost::asio;

KafkaLag::KafkaLag(asio::any_io_executor executor, KafkaLagOptions options)
    : options_{std::move(options)},
      subject_{SubjectKind::group, options_.group},
      group_{std::move(executor), options_.address, options_.group},
      progress_{options_.windows} {}

std::vector<SignalName> KafkaLag::signals() const {
  return {"kafka_consumer_lag_events", "kafka_consumer_lag_seconds",
          "kafka_arrival_events_per_second", "kafka_consumed_events_per_second"};
}

asio::awaitable<Result<Reading>> KafkaLag::sample(TimePoint now, Duration deadline) {
  const bool discover =
      consumed_.empty() || !discovered_ || now - *discovered_ >= options_.discover_every;
  std::vector<kafka::TopicPartition> of;
  if (!discover) of = consumed_;
  Result<kafka::GroupOffsets> offsets = co_await group_.read(std::move(of), deadline);
  if (!offsets.has_value()) {
    // A topic may be gone, or the group: the next reading asks what there is. An outage does not.
    if (offsets.error().code == ErrorCode::not_found) consumed_.clear();
    co_return offsets.error();
  }
  if (discover) {
    discovered_ = now;
    consumed_.clear();
    for (const auto& one : offsets->partitions) consumed_.push_back(one.of);
  }
  Reading reading = reading_of(*offsets, now);
  co_return reading;
}

Reading KafkaLag::reading_of(const kafka::GroupOffsets& offsets, TimePoint now) {
  const auto standing = progress_.add(offsets, now);
  Reading reading;
  reading.identity.server = offsets.cluster;
  const auto give = [&](std::string_view signal, std::optional<double> value) {
    reading.samples.push_back(value
                                  ? gauge(SignalName{signal}, subject_, *value, now)
                                  : absent(SignalName{signal}, subject_, standing.why_absent, now));
  };
  give("kafka_consumer_lag_events", standing.lag_events);
  give("kafka_consumer_lag_seconds", standing.lag_seconds);
  give("kafka_arrival_events_per_second", standing.arrival_events_per_second);
  give("kafka_consumed_events_per_second", standing.consumed_events_per_second);
  if (!standing.remark.empty()) reading.notes.push_back({subject_, "consumer", standing.remark});
  return reading;
}

}  // namespace homeostat
