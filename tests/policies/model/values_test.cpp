// SPDX-License-Identifier: Apache-2.0
// Samples, snapshots, subjects, levers, verdicts and time: the plain values.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "policies/model/lever.hpp"
#include "policies/model/snapshot.hpp"
#include "policies/model/verdict.hpp"

using namespace homeostat;

namespace {

const TimePoint kNow{from_seconds(100)};
const double kInfinite = std::numeric_limits<double>::infinity();

/// Every enumerator up to the first without a name reads back, and there are `count` of them.
template <class Enum, class Parse>
void check_names(int count, Parse parse) {
  for (int i = 0; i < count; ++i) {
    const auto value = static_cast<Enum>(i);
    REQUIRE(to_text(value) != "?");
    CHECK(parse(to_text(value)) == value);
  }
  CHECK(to_text(static_cast<Enum>(count)) == "?");
  CHECK_FALSE(parse("nonsense"));
}

}  // namespace

TEST_CASE("sample: a ratio of nothing is empty, neither 0 nor 1 (H2)") {
  const auto sample = ratio("r", {}, 0, 0, kNow);
  CHECK(sample.quality == Quality::empty);
  CHECK(sample.reason == AbsentReason::none);
  CHECK_FALSE(value_of(sample));
}

TEST_CASE("sample: a whole ratio and a whole gauge have their values") {
  CHECK(value_of(ratio("r", {}, 1, 4, kNow)) == 0.25);
  CHECK(value_of(gauge("g", {}, -3, kNow)) == -3.0);
  CHECK(gauge("g", {}, 1, kNow).taken == kNow);
}

TEST_CASE("sample: what is not a number, or no count, is absent (H2)") {
  const auto reason = [](const Sample& sample) {
    CHECK(sample.quality == Quality::absent);
    CHECK_FALSE(value_of(sample));
    return sample.reason;
  };
  CHECK(reason(gauge("g", {}, std::nan(""), kNow)) == AbsentReason::not_a_number);
  CHECK(reason(gauge("g", {}, kInfinite, kNow)) == AbsentReason::not_a_number);
  CHECK(reason(ratio("r", {}, std::nan(""), 1, kNow)) == AbsentReason::not_a_number);
  CHECK(reason(ratio("r", {}, 1, kInfinite, kNow)) == AbsentReason::not_a_number);
  CHECK(reason(ratio("r", {}, -1, 4, kNow)) == AbsentReason::not_a_number);
  CHECK(reason(ratio("r", {}, 1, 0, kNow)) == AbsentReason::not_a_number);
  CHECK(reason(absent("r", {}, AbsentReason::timeout, kNow)) == AbsentReason::timeout);
}

TEST_CASE("snapshot: keeps the newest sample of each signal and subject, in order") {
  Snapshot snapshot;
  const Subject a{SubjectKind::node, "a"};
  const Subject b{SubjectKind::node, "b"};
  put(snapshot, gauge("y", b, 1, kNow));
  put(snapshot, gauge("y", a, 2, kNow));
  put(snapshot, gauge("x", b, 3, kNow));
  put(snapshot, gauge("y", a, 4, kNow));
  put(snapshot, gauge("y", {}, 5, kNow));
  REQUIRE(snapshot.samples.size() == 4);
  CHECK(snapshot.samples[0].signal == "x");
  CHECK(snapshot.samples[1].subject == Subject{});
  CHECK(snapshot.samples[2].subject == a);
  REQUIRE(find(snapshot, "y", a) != nullptr);
  CHECK(find(snapshot, "y", a)->numerator == 4);
  CHECK(find(snapshot, "x", a) == nullptr);
  CHECK(find(snapshot, "z", {}) == nullptr);
  CHECK(find(Snapshot{}, "x", {}) == nullptr);
}

TEST_CASE("subject: reads back, and nothing else does") {
  for (const char* text : {"cluster", "node/worker-1", "zone/3", "shard/102008", "group/a/b"}) {
    const auto subject = parse_subject(text);
    REQUIRE(subject.has_value());
    CHECK(to_text(*subject) == text);
  }
  CHECK(parse_subject("node/worker-1") == Subject{SubjectKind::node, "worker-1"});
  for (const char* text : {"", "node", "node/", "cluster/x", "cluster/", "planet/x", "/x"}) {
    CHECK_FALSE(parse_subject(text));
  }
}

TEST_CASE("names: every enumerator of samples, snapshots, subjects and verdicts reads back") {
  check_names<Quality>(3, parse_quality);
  check_names<AbsentReason>(9, parse_absent_reason);
  check_names<ForwardBar>(9, parse_forward_bar);
  check_names<SubjectKind>(6, parse_subject_kind);
  check_names<BreakerState>(3, parse_breaker_state);
  check_names<Step>(17, parse_step);
  check_names<GateKind>(44, parse_gate_kind);
  check_names<JobPhase>(4, parse_job_phase);
  check_names<JobStop>(7, parse_job_stop);
  check_names<EffectOutcome>(5, parse_effect_outcome);
  check_names<EffectDoubt>(7, parse_effect_doubt);
}

TEST_CASE("names: levers' changes and outcomes have names") {
  CHECK(to_text(ChangeKind::revert) == "revert");
  CHECK(to_text(ChangeOutcome::yielded) == "yielded");
  CHECK(to_text(SignalShape::counter) == "counter");
}

TEST_CASE("lever: no arguments are the baseline, and keys are in order of lever and target") {
  CHECK(LeverValue{}.baseline());
  CHECK_FALSE(LeverValue{{{"admit", 0.0}}}.baseline());
  CHECK(LeverKey{"a", "z"} < LeverKey{"b", "a"});
  CHECK(LeverKey{"a", "a"} < LeverKey{"a", "b"});
}

TEST_CASE("time: seconds convert both ways, to the nearest microsecond") {
  CHECK(from_seconds(1.5).count() == 1'500'000);
  CHECK(from_seconds(0.0000014).count() == 1);
  CHECK(from_seconds(0.0000016).count() == 2);
  CHECK(from_seconds(-0.0000016).count() == -2);
  CHECK(to_seconds(Duration{2'500'000}) == 2.5);
}
