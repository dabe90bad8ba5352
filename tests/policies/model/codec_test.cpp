// SPDX-License-Identifier: Apache-2.0
#include "policies/model/codec.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

using namespace homeostat;
using namespace std::chrono_literals;
using nlohmann::json;

namespace {

const Subject kNode{SubjectKind::node, "worker-1"};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

Verdict full_verdict() {
  Verdict verdict;
  verdict.policy = "circuit-breaker";
  verdict.subject = kNode;
  verdict.kind = PolicyKind::breaker;
  verdict.mode = Mode::enforce;
  verdict.at = TimePoint{987654321us};
  verdict.state = BreakerState::half_open;
  verdict.step = Step::restored;
  verdict.rung = 1;
  verdict.rungs = 3;
  verdict.admitted = 0.25;
  verdict.hold = 2min;
  verdict.trips = 4;
  verdict.bar = ForwardBar::not_leader;
  verdict.evidence.push_back({"pg_blocked_ratio", Quality::whole, AbsentReason::none, 3, 40, 0.0777,
                              0.41, 0.15, true, false});
  verdict.evidence.push_back({"kafka_consumer_lag_events", Quality::absent, AbsentReason::timeout,
                              0, 0, std::nullopt, std::nullopt, std::nullopt, false, true});
  verdict.computed = 0.3;
  verdict.target = 0.2;
  verdict.value = 0.1;
  verdict.evidence[0].rise = 120;
  verdict.gates.push_back({GateKind::trip, 0, 0.41, 1, -0.59, false});
  verdict.gates.push_back({GateKind::cluster_budget, -1, 3, 1, 2, true});
  return verdict;
}

/// Equal in every member: the codec writes each of them, which the tests of the names show.
template <class T>
void require_same(const T& one, const T& other) {
  REQUIRE(to_json(one) == to_json(other));
}

}  // namespace

TEST_CASE("codec: a verdict comes back as it went, through text") {
  const auto verdict = full_verdict();
  const auto text = to_json(verdict).dump();
  const auto back = verdict_from_json(json::parse(text));
  REQUIRE(back.has_value());
  require_same(*back, verdict);
  CHECK(back->subject == kNode);
  CHECK(back->at == verdict.at);
  CHECK(back->state == BreakerState::half_open);
  CHECK(back->step == Step::restored);
  CHECK(back->hold == 2min);
  CHECK(back->bar == ForwardBar::not_leader);
  REQUIRE(back->evidence.size() == 2);
  CHECK(back->evidence[0].judged == 0.0777);
  CHECK(back->evidence[0].cusum == 0.41);
  CHECK(back->evidence[0].backstop == 0.15);
  CHECK(back->evidence[0].rise == 120);
  CHECK_FALSE(back->evidence[1].rise.has_value());
  CHECK(back->evidence[0].tripped);
  CHECK_FALSE(back->evidence[1].judged.has_value());
  CHECK(back->evidence[1].reason == AbsentReason::timeout);
  REQUIRE(back->gates.size() == 2);
  CHECK(back->gates[0].margin == -0.59);
  CHECK(back->gates[1].kind == GateKind::cluster_budget);
  CHECK(back->gates[1].arm == -1);
  CHECK(back->gates[1].passed);
  CHECK(back->computed == 0.3);
  CHECK(back->target == 0.2);
  CHECK(back->value == 0.1);
}

TEST_CASE("codec: what a regulator computed may be infinite, and is left out then") {
  Verdict verdict;
  verdict.kind = PolicyKind::regulator;
  verdict.step = Step::adjusted;
  verdict.computed = std::numeric_limits<double>::infinity();
  verdict.value = 0.1;
  verdict.gates.push_back({GateKind::upper_bound, -1, *verdict.computed, 0.1, -1, false});
  const auto back = verdict_from_json(json::parse(to_json(verdict).dump()));
  REQUIRE(back.has_value());
  CHECK(back->step == Step::adjusted);
  CHECK_FALSE(back->computed);
  CHECK_FALSE(back->target);
  CHECK(back->value == 0.1);
  CHECK(back->gates[0].kind == GateKind::upper_bound);
}

TEST_CASE("codec: a regulated lever says which argument and where its baseline is") {
  DesiredLever desired;
  CHECK_FALSE(to_json(desired).contains("regulated"));
  desired.regulated = "concurrency";
  desired.baseline = 400;
  CHECK(to_json(desired)["regulated"] == "concurrency");
  CHECK(to_json(desired)["baseline"] == 400);
}

TEST_CASE("codec: durations and times are integer microseconds, enums their names") {
  const auto out = to_json(full_verdict());
  CHECK(out["at_us"] == 987654321);
  CHECK(out["hold_us"] == 120'000'000);
  CHECK(out["state"] == "half_open");
  CHECK(out["subject"] == "node/worker-1");
  CHECK(out["gates"][1]["kind"] == "cluster_budget");
  CHECK_FALSE(out["evidence"][1].contains("judged"));
}

TEST_CASE("codec: a sample comes back as it went, whatever its quality") {
  const TimePoint taken{12345us};
  for (const auto& sample : {ratio("pg_blocked_ratio", Subject{}, 3, 40, taken),
                             ratio("pg_blocked_ratio", kNode, 0, 0, taken),
                             gauge("pg_lock_wait_max_seconds", kNode, 0.1 + 0.2, taken),
                             absent("probe_up", kNode, AbsentReason::missing_privilege, taken)}) {
    const auto back = sample_from_json(json::parse(to_json(sample).dump()));
    REQUIRE(back.has_value());
    require_same(*back, sample);
    CHECK(back->numerator == sample.numerator);
    CHECK(back->taken == taken);
  }
}

TEST_CASE("codec: a lever's value keeps the type of each argument") {
  const LeverValue value{{{"admit", 0.15}, {"jit", std::string("off")}, {"force", true}}};
  const auto back = lever_value_from_json(json::parse(to_json(value).dump()));
  REQUIRE(back.has_value());
  CHECK(*back == value);
  CHECK(to_json(LeverValue{}) == json::object());
  CHECK(lever_value_from_json(json::object())->baseline());
}

TEST_CASE("codec: a whole number in a lever's value is a number again") {
  const auto back = lever_value_from_json(json::parse(R"({"admit": 0})"));
  REQUIRE(back.has_value());
  CHECK(*back == LeverValue{{{"admit", 0.0}}});
}

TEST_CASE("codec: what a policy remembers comes back, with the rungs that are benched") {
  PolicyMemory memory;
  memory.policy = "circuit-breaker";
  memory.subject = kNode;
  memory.state = BreakerState::open;
  memory.rung = 3;
  memory.benched = {{1, 2, false, true, TimePoint{5s}, 900s},
                    {2, 0, true, true, TimePoint{9s}, 4h}};
  const auto back = policy_memory_from_json(json::parse(to_json(memory).dump()));
  REQUIRE(back.has_value());
  CHECK(*back == memory);
}

TEST_CASE("codec: what is remembered of a job's runs comes back, what never was is left out") {
  PolicyMemory memory;
  memory.policy = "shard-balance";
  CHECK_FALSE(to_json(memory).contains("job"));
  memory.job = JobMemory{TimePoint{5s}, TimePoint{9s}, true,  JobStop::byte_budget,
                         12.5e9,        TimePoint{6s}, "load"};
  auto back = policy_memory_from_json(json::parse(to_json(memory).dump()));
  REQUIRE(back.has_value());
  CHECK(*back == memory);
  memory.job = JobMemory{};
  back = policy_memory_from_json(to_json(memory));
  REQUIRE(back.has_value());
  CHECK(*back == memory);
  CHECK_FALSE(to_json(memory)["job"].contains("ended_us"));
}

TEST_CASE("codec: how a job stands and what is reported of it come back") {
  Verdict verdict;
  verdict.kind = PolicyKind::job;
  verdict.step = Step::stopped;
  verdict.job = JobStatus{JobStop::bytes_per_day,
                          true,
                          3e9,
                          2min,
                          90s,
                          true,
                          "load",
                          NotStarted{TimePoint{7s}, 3, "no slots"},
                          "no disk"};
  verdict.gates.push_back({GateKind::resume_window, -1, 0, 1, -1, false});
  verdict.gates.push_back({GateKind::blocked_while, -1, 1, 1, 0, true, 0, true});
  const auto back = verdict_from_json(json::parse(to_json(verdict).dump()));
  REQUIRE(back.has_value());
  CHECK(back->job == verdict.job);
  CHECK(back->gates.back().left_out);
  CHECK_FALSE(back->gates.front().left_out);
  CHECK_FALSE(to_json(JobStatus{}).contains("not_started"));
  CHECK_FALSE(to_json(JobStatus{}).contains("why"));
  require_same(*back, verdict);

  const JobProgress progress{JobPhase::failed, TimePoint{7s}, 1e9, 4min, "no disk"};
  const auto reported = job_progress_from_json(json::parse(to_json(progress).dump()));
  REQUIRE(reported.has_value());
  CHECK(*reported == progress);

  const MovedBytes moved{"shard-balance", Subject{SubjectKind::zone, "3"}, TimePoint{7s},
                         TimePoint{9s}, 12.5e9};
  const auto known = moved_bytes_from_json(json::parse(to_json(moved).dump()));
  REQUIRE(known.has_value());
  CHECK(*known == moved);

  auto broken = to_json(verdict);
  broken["job"]["stop"] = "boredom";
  const auto refused = verdict_from_json(broken);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().context == "status of a job in JSON: member `stop` has an unknown name");
}

TEST_CASE("codec: a policy of kind job shows its windows, budget and which arms are early") {
  Policy policy;
  CHECK_FALSE(to_json(policy).contains("job"));
  policy.open.arms.resize(2);
  policy.open.arms[1].early = true;
  Job job;
  job.windows.resize(1);
  job.windows[0].times = {{180, 420}};
  job.windows[0].weekdays = {{0, 0}};
  job.windows[0].location = "Europe/Berlin";
  job.at_most_every = 168h;
  job.budget = {492s, 49e9};
  job.deadline = 20min;
  job.cooldown = 24h;
  job.needs_approval = true;
  policy.job = job;
  const auto out = to_json(policy);
  CHECK_FALSE(out["open"]["arms"][0].contains("early"));
  CHECK(out["open"]["arms"][1]["early"] == true);
  CHECK(out["job"]["windows"] == json::parse(R"([{"location": "Europe/Berlin",
      "times": [{"begin": 180, "end": 420}], "weekdays": [{"begin": 0, "end": 0}]}])"));
  CHECK(out["job"]["resume"] == json::array());
  CHECK(out["job"]["at_most_every_us"] == 604'800'000'000);
  CHECK(out["job"]["budget"] == json{{"time_us", 492'000'000}, {"bytes", 49e9}});
  CHECK(out["job"]["deadline_us"] == 1'200'000'000);
  CHECK(out["job"]["cooldown_us"] == 86'400'000'000);
  CHECK(out["job"]["needs_approval"] == true);
}

TEST_CASE("codec: an effect comes back with what is unknown left unknown") {
  Effect effect{"circuit-breaker",
                kNode,
                "pg_blocked_ratio",
                ExpectedMove::falls_by,
                0.2,
                2,
                TimePoint{1'000'000us},
                TimePoint{181'000'000us},
                0.8,
                std::nullopt,
                EffectOutcome::inconclusive,
                EffectDoubt::unmeasured};
  auto back = effect_from_json(json::parse(to_json(effect).dump()));
  REQUIRE(back.has_value());
  require_same(*back, effect);
  CHECK(back->before == 0.8);
  CHECK_FALSE(back->after.has_value());
  CHECK(*back == effect);

  effect.after = 0.1;
  effect.outcome = EffectOutcome::harmful;
  effect.doubt = EffectDoubt::none;
  back = effect_from_json(to_json(effect));
  REQUIRE(back.has_value());
  CHECK(back->after == 0.1);
  CHECK(*back == effect);
}

TEST_CASE("codec: what is no finite number never becomes a number in JSON") {
  auto verdict = full_verdict();
  verdict.gates[0].margin = kNaN;
  verdict.gates[0].value = std::numeric_limits<double>::infinity();
  verdict.evidence[0].judged = kNaN;
  const auto out = to_json(verdict);
  CHECK(out["gates"][0]["margin"].is_null());
  CHECK(out["gates"][0]["value"].is_null());
  CHECK_FALSE(out["evidence"][0].contains("judged"));
  const auto back = verdict_from_json(json::parse(out.dump()));
  REQUIRE(back.has_value());
  CHECK(std::isnan(back->gates[0].margin));
}

TEST_CASE("codec: what cannot be understood is an Error that names the member") {
  auto broken = to_json(full_verdict());
  SECTION("missing") {
    broken.erase("hold_us");
    const auto back = verdict_from_json(broken);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().code == ErrorCode::protocol);
    CHECK(back.error().context == "verdict in JSON: member `hold_us` is missing");
  }
  SECTION("an unknown name deep inside") {
    broken["gates"][1]["kind"] = "gut_feeling";
    const auto back = verdict_from_json(broken);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().context == "gate in JSON: member `kind` has an unknown name");
  }
  SECTION("a wrong type") {
    broken["rung"] = "two";
    const auto back = verdict_from_json(broken);
    REQUIRE_FALSE(back.has_value());
    CHECK(back.error().context == "verdict in JSON: member `rung` is no integer");
  }
  SECTION("an integer that does not fit") {
    broken["rung"] = 1LL << 40;
    CHECK_FALSE(verdict_from_json(broken).has_value());
  }
  SECTION("no object at all") {
    CHECK_FALSE(verdict_from_json(json::array()).has_value());
    CHECK_FALSE(sample_from_json(nullptr).has_value());
    CHECK_FALSE(effect_from_json(3).has_value());
    CHECK_FALSE(lever_value_from_json("x").has_value());
    CHECK_FALSE(lever_value_from_json(json{{"admit", nullptr}}).has_value());
  }
}

TEST_CASE("codec: members that a newer program adds are passed over") {
  auto newer = to_json(full_verdict());
  newer["confidence"] = 0.5;
  newer["gates"][0]["why"] = "because";
  CHECK(verdict_from_json(newer).has_value());
}

TEST_CASE("codec: a desired lever says everything that the ledger needs") {
  const DesiredLever desired{{"feature", "class/batch"},
                             LeverValue{{{"admit", 0.0}}},
                             2min,
                             "circuit-breaker",
                             Subject{},
                             1,
                             "0123456789abcdef",
                             "pg_blocked_ratio 0.79"};
  CHECK(to_json(desired) == json{{"lever", "feature"},
                                 {"target", "class/batch"},
                                 {"value", {{"admit", 0.0}}},
                                 {"ttl_us", 120'000'000},
                                 {"policy", "circuit-breaker"},
                                 {"subject", "cluster"},
                                 {"rung", 1},
                                 {"policy_hash", "0123456789abcdef"},
                                 {"reason", "pg_blocked_ratio 0.79"}});
}

TEST_CASE("codec: a policy shows a trend and an absence as what they are") {
  Policy policy;
  policy.open.arms.resize(2);
  policy.open.arms[0].test = TrendTest{100, 5min, 2min};
  policy.open.arms[1].test = AbsenceTest{3min};
  const auto arms = to_json(policy)["open"]["arms"];
  CHECK(arms[0]["test"] == json{{"kind", "trend"},
                                {"rises", 100.0},
                                {"over_us", 300'000'000},
                                {"hold_for_us", 120'000'000}});
  CHECK(arms[1]["test"] == json{{"kind", "absence"}, {"absent_for_us", 180'000'000}});
}

TEST_CASE("codec: a policy is shown with every default filled in") {
  Policy policy;
  policy.name = "circuit-breaker";
  Arm ratio_arm;
  ratio_arm.signal = "pg_blocked_ratio";
  ratio_arm.test = CusumTest{.ref = 0.2};
  ratio_arm.clear_level = 0.15;
  policy.open.arms.push_back(ratio_arm);
  LevelTest level;
  level.threshold = 0.4;
  level.hold_for = 45s;
  Arm level_arm;
  level_arm.signal = "admission_queue_age_seconds";
  level_arm.test = level;
  policy.open.arms.push_back(level_arm);
  policy.ladder.push_back({"feature", "class/batch", LeverValue{{{"admit", 0.0}}}});
  policy.expect = Expectation{"pg_blocked_ratio", ExpectedMove::falls_by, 0.2, 3min};
  policy.alert = AlertSpec{};
  policy.place = {"circuit-breaker.yaml", 2, 1};

  const auto out = to_json(policy);
  CHECK(out["open"]["combination"] == "any");
  CHECK(out["open"]["arms"][0]["test"]["kind"] == "cusum");
  CHECK(out["open"]["arms"][0]["test"]["step_cap"] == 0.15);
  CHECK(out["open"]["arms"][0]["clear_level"] == 0.15);
  CHECK_FALSE(out["open"]["arms"][1].contains("clear_level"));
  CHECK(out["open"]["arms"][1]["test"]["hold_for_us"] == 45'000'000);
  CHECK_FALSE(out["open"]["arms"][1]["test"].contains("for_samples"));
  CHECK(out["ladder"][0]["ttl_us"] == 120'000'000);
  CHECK(out["hold"]["max_us"] == 480'000'000);
  CHECK(out["bench"]["first_us"] == 900'000'000);
  CHECK(out["bench"]["tries"] == 3);
  CHECK(out["restore"]["steps"] == json{0.05, 0.25, 1.0});
  CHECK(out["limits"]["per_hour"] == 6);
  CHECK(out["expect"]["within_us"] == 180'000'000);
  CHECK(out["alert"]["severity"] == "warning");
  CHECK(out["subjects"] == json{"cluster"});
  CHECK(out["place"]["line"] == 2);
}
