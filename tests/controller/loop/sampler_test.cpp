// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/sampler.hpp"

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "tests/support/fakes.hpp"
#include "tests/support/run.hpp"

namespace homeostat {
namespace {

using std::chrono::seconds;
using testing::run_coroutine;

const Sample* find_sample(const std::vector<Sample>& samples, const std::string& signal,
                          const std::string& node) {
  for (const auto& sample : samples) {
    if (sample.signal == signal && sample.subject.name == node) return &sample;
  }
  return nullptr;
}

/// Gives one Detail, or an error.
class Detailed : public Probe {
 public:
  std::string_view name() const override { return "detailed"; }
  Subject subject() const override { return {SubjectKind::group, "counts"}; }
  std::vector<SignalName> signals() const override { return {}; }
  std::vector<Subject> parts() const override { return {{SubjectKind::zone, "east"}}; }
  boost::asio::awaitable<Result<Reading>> sample(TimePoint /*now*/, Duration /*by*/) override {
    const Error gone{failure, "gone", {}};
    if (down) co_return gone;
    Reading reading;
    reading.details.push_back({subject(), "kafka_topic_lag_events", {{"topic", "plays"}}, 7});
    co_return std::move(reading);
  }
  bool down = false;
  ErrorCode failure = ErrorCode::unavailable;
};

}  // namespace

TEST_CASE("sampler: details are of the newest reading, and gone when there is none") {
  boost::asio::io_context io;
  Detailed probe;
  Sampler sampler{{&probe}};
  run_coroutine(io, sampler.sample(TimePoint{}, seconds{1}));
  REQUIRE(sampler.details().size() == 1);
  CHECK(sampler.details()[0].value == 7);
  probe.down = true;
  run_coroutine(io, sampler.sample(TimePoint{seconds{1}}, seconds{1}));
  CHECK(sampler.details().empty());
}

TEST_CASE("sampler: a part is up while its probe gets an answer, be it an error") {
  boost::asio::io_context io;
  Detailed probe;
  Sampler sampler{{&probe}};
  const auto up = [&](const std::string& name) {
    const auto samples = run_coroutine(io, sampler.sample(TimePoint{}, seconds{1}));
    const auto* const found = find_sample(samples, "probe_up", name);
    REQUIRE(found != nullptr);
    return found->numerator;
  };
  CHECK(up("east") == 1);
  probe.down = true;
  probe.failure = GENERATE(ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::missing_privilege,
                           ErrorCode::refused, ErrorCode::cancelled);
  const bool silent =
      probe.failure == ErrorCode::unavailable || probe.failure == ErrorCode::timeout;
  CHECK(up("counts") == 0);
  CHECK(up("east") == (silent ? 0 : 1));
}

TEST_CASE("sampler: asks every probe and says of every subject whether its probes answered") {
  boost::asio::io_context io;
  fakes::FakeProbe first{"a"};
  fakes::FakeProbe second{"b"};
  first.open = 4;
  first.blocked = 1;
  second.failure = Error{ErrorCode::timeout, "no answer within 0.8 s", {}};
  Sampler sampler{{&first, &second}};
  const auto samples =
      run_coroutine(io, sampler.sample(TimePoint{seconds{9}}, std::chrono::milliseconds{800}));

  REQUIRE(find_sample(samples, "pg_blocked_ratio", "a") != nullptr);
  CHECK(value_of(*find_sample(samples, "pg_blocked_ratio", "a")) == 0.25);
  CHECK(value_of(*find_sample(samples, "probe_up", "a")) == 1);
  CHECK(find_sample(samples, "pg_blocked_ratio", "b")->quality == Quality::absent);
  CHECK(find_sample(samples, "pg_blocked_ratio", "b")->reason == AbsentReason::timeout);
  CHECK(value_of(*find_sample(samples, "probe_up", "b")) == 0);
  CHECK(sampler.statuses()[1].error == "no answer within 0.8 s");
}

TEST_CASE("sampler: a subject is up only when all of its probes are") {
  boost::asio::io_context io;
  fakes::FakeProbe first{"a"};
  fakes::FakeProbe second{"a"};
  first.failure = Error{ErrorCode::unavailable, "connection refused", {}};
  Sampler sampler{{&first, &second}};
  const auto samples = run_coroutine(io, sampler.sample(TimePoint{}, seconds{1}));
  CHECK(value_of(*find_sample(samples, "probe_up", "a")) == 0);
}

TEST_CASE("sampler: without a probe there is nothing to wait for") {
  boost::asio::io_context io;
  Sampler sampler{{}};
  CHECK(run_coroutine(io, sampler.sample(TimePoint{}, seconds{1})).empty());
}

TEST_CASE("sampler: remembers whom it measured, also while the probe is down (S5)") {
  boost::asio::io_context io;
  fakes::FakeProbe probe{"a"};
  Sampler sampler{{&probe}};
  run_coroutine(io, sampler.sample(TimePoint{}, seconds{1}));
  probe.failure = Error{ErrorCode::unavailable, "gone", {}};
  run_coroutine(io, sampler.sample(TimePoint{seconds{1}}, seconds{1}));
  CHECK(sampler.identity({SubjectKind::node, "a"}) == "server-1");
  CHECK(sampler.identity({SubjectKind::node, "b"}).empty());
}

}  // namespace homeostat
