// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "controller/loop/act_codec.hpp"
#include "controller/loop/sqlite_history.hpp"
#include "controller/loop/sqlite_journal.hpp"
#include "policies/model/codec.hpp"
#include "tests/controller/loop/journal_steps.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace homeostat;
using namespace homeostat::testing;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

JournalOptions options_in(const std::string& folder) {
  JournalOptions options;
  options.path = folder + "/journal.db";
  return options;
}

/// What a kill -9 at this moment would leave, read as the command line reads it.
std::vector<JournalStep> left_by_a_kill(const std::string& path) {
  const ScratchDirectory copy;
  const auto target = copy.path() + "/copy.db";
  fs::copy_file(path, target);
  if (fs::exists(path + "-wal")) fs::copy_file(path + "-wal", target + "-wal");
  const auto history = SqliteHistory::open(target);
  REQUIRE(history.has_value());
  std::int64_t after = 0;
  const auto found = history->steps(after, 10'000);
  REQUIRE(found.has_value());
  std::vector<JournalStep> steps;
  for (const auto& recorded : *found) steps.push_back(recorded.step);
  return steps;
}

template <class T>
void require_same(const std::vector<T>& one, const std::vector<T>& other) {
  REQUIRE(one.size() == other.size());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(to_json(one[i]) == to_json(other[i]));
}

void require_same(const JournalStep& one, const JournalStep& other) {
  CHECK(one.at == other.at);
  CHECK(one.wall == other.wall);
  CHECK(one.decided == other.decided);
  CHECK(one.basis == other.basis);
  CHECK(one.bar == other.bar);
  CHECK(one.paused == other.paused);
  CHECK(one.acks == other.acks);
  CHECK(one.jobs == other.jobs);
  CHECK(one.not_started == other.not_started);
  CHECK(one.sessions_ended == other.sessions_ended);
  require_same(one.samples, other.samples);
  require_same(one.verdicts, other.verdicts);
  require_same(one.effects, other.effects);
  require_same(one.acts, other.acts);
}

JournalStep full_step() {
  auto step = quiet_step(1);
  step.bar = ForwardBar::ledger_lost;
  step.paused = {"circuit-breaker", "lock-contention"};
  step.acks = {{"cluster", TimePoint{std::chrono::seconds{7}}},
               {"policy/circuit-breaker", TimePoint{std::chrono::seconds{9}}}};
  step.jobs[{"rebalance", "cluster"}] = {JobPhase::stopped, step.at - 1min, 12.5e9, 4min};
  step.jobs[{"refresh_view", "view/top"}] = {};
  step.not_started[{"split", "cluster"}] = {step.at - 1min, 5, "no slots"};
  step.sessions_ended = 17;
  const Subject worker{SubjectKind::node, "worker-1"};
  step.decided = false;
  PolicyMemory memory;
  memory.policy = "circuit-breaker";
  memory.subject = worker;
  memory.policy_hash = "0123456789abcdef";
  memory.state = BreakerState::half_open;
  memory.rung = 1;
  memory.restore_step = 2;
  memory.hold = 2min;
  memory.trips = 3;
  memory.changed = step.at - 1s;
  memory.opened = step.at - 1h;
  memory.canary = CanaryMemory{memory.policy_hash, 1, true, step.at - 2h, 3, 2, 1};
  memory.job = JobMemory{step.at - 2h, step.at - 1h, true, JobStop::deadline, 3e9, step.at - 2h};
  step.basis = Basis{{{"circuit-breaker", "0123456789abcdef", Mode::enforce}},
                     Resumption{{memory},
                                {{"circuit-breaker", step.at - 1h}},
                                {{"batch-window", worker, 0.05}},
                                step.at - 4h,
                                {{"gone", worker, step.at - 3h, step.at - 2h, 4e9}}}};
  // Out of order on purpose: the order in which samples came is part of what is replayed.
  step.samples.push_back(absent("pg_blocked_ratio", worker, AbsentReason::timeout, step.at - 5s));
  step.samples.push_back(ratio("pg_blocked_ratio", Subject{}, 0, 0, step.at));
  step.samples.push_back(gauge("pg_lock_wait_p95_seconds", worker, 0.1 + 0.2, step.at - 3ms));
  step.samples.push_back(ratio("pg_blocked_ratio", Subject{}, 1, 3, step.at));
  step.verdicts.push_back(verdict_of("circuit-breaker", Step::opened, 1));
  step.verdicts.push_back(verdict_of("lock-contention", Step::idle, 1));
  step.effects.push_back({"circuit-breaker", worker, "pg_blocked_ratio", ExpectedMove::falls_by,
                          0.2, 1, step.at - 3min, step.at, 0.8, 0.1, EffectOutcome::effective,
                          EffectDoubt::none, -0.05});
  step.acts.push_back(act_of("circuit-breaker", 1));
  step.acts.push_back(act_of("circuit-breaker", 2));
  return step;
}

void keep(const std::string& folder, const JournalStep& step) {
  SqliteJournal journal(options_in(folder));
  REQUIRE(journal.open().has_value());
  REQUIRE(journal.append(step).has_value());
  REQUIRE(journal.close().has_value());
}

}  // namespace

TEST_CASE("journal: a step that knows of a refused job, and of none that ran, comes back whole") {
  const ScratchDirectory scratch;
  auto step = quiet_step(1);
  step.not_started[{"split", "cluster"}] = {step.at - 1min, 5, "no slots"};
  keep(scratch.path(), step);
  const auto steps = left_by_a_kill(options_in(scratch.path()).path);
  REQUIRE(steps.size() == 1);
  require_same(steps.front(), step);
}

TEST_CASE("journal: a step comes back whole, with every sample in its order") {
  const ScratchDirectory scratch;
  const auto step = full_step();
  keep(scratch.path(), step);
  const auto history = SqliteHistory::open(scratch.path() + "/journal.db");
  REQUIRE(history.has_value());
  std::int64_t after = 0;
  const auto steps = history->steps(after, 10);
  REQUIRE(steps.has_value());
  REQUIRE(steps->size() == 1);
  CHECK(steps->front().run == 1);
  require_same(steps->front().step, step);
  CHECK(steps->front().step.samples[5].numerator == 0.1 + 0.2);
  CHECK(history->steps(after, 10)->empty());
}

TEST_CASE("journal: quiet steps are written five at a time, in order") {
  const ScratchDirectory scratch;
  SqliteJournal journal(options_in(scratch.path()));
  REQUIRE(journal.open().has_value());
  for (int number = 0; number < 4; ++number)
    REQUIRE(journal.append(quiet_step(number)).has_value());
  CHECK(left_by_a_kill(scratch.path() + "/journal.db").empty());
  REQUIRE(journal.append(quiet_step(4)).has_value());
  const auto left = left_by_a_kill(scratch.path() + "/journal.db");
  REQUIRE(left.size() == 5);
  for (int number = 0; number < 5; ++number) {
    require_same(left[static_cast<std::size_t>(number)], quiet_step(number));
  }
}

TEST_CASE("journal: a step with acts is in the file when append returns, and those before it") {
  const ScratchDirectory scratch;
  SqliteJournal journal(options_in(scratch.path()));
  REQUIRE(journal.open().has_value());
  auto acting = quiet_step(1);
  acting.acts.push_back(act_of("circuit-breaker", 1));
  REQUIRE(journal.append(quiet_step(0)).has_value());
  REQUIRE(journal.append(acting).has_value());
  const auto left = left_by_a_kill(scratch.path() + "/journal.db");
  REQUIRE(left.size() == 2);
  CHECK(left[1].acts.size() == 1);
}

TEST_CASE("journal: a question is answered from what is still in memory too") {
  const ScratchDirectory scratch;
  SqliteJournal journal(options_in(scratch.path()));
  REQUIRE(journal.open().has_value());
  auto step = quiet_step(0);
  step.verdicts.push_back(verdict_of("circuit-breaker", Step::blocked, 0));
  REQUIRE(journal.append(step).has_value());
  const auto verdicts = journal.verdicts({});
  REQUIRE(verdicts.has_value());
  REQUIRE(verdicts->size() == 1);
  CHECK(verdicts->front().wall == step.wall);
  CHECK(to_json(verdicts->front().verdict) == to_json(step.verdicts.front()));
}

TEST_CASE("journal: questions narrow by policy, subject, time, change and number, newest first") {
  const ScratchDirectory scratch;
  SqliteJournal journal(options_in(scratch.path()));
  REQUIRE(journal.open().has_value());
  const Subject worker{SubjectKind::node, "worker-1"};
  for (int number = 0; number < 10; ++number) {
    auto step = quiet_step(number);
    step.verdicts.push_back(
        verdict_of("circuit-breaker", number == 4 ? Step::opened : Step::holding, number));
    step.verdicts.push_back(verdict_of("lock-contention", Step::idle, number));
    if (number == 6) step.verdicts.back().subject = worker;
    step.effects.push_back({"circuit-breaker", Subject{}, "pg_blocked_ratio",
                            ExpectedMove::falls_by, 0.2, 1, step.at, step.at, 0.8, 0.1,
                            EffectOutcome::effective, EffectDoubt::none});
    if (number % 2 == 0) step.acts.push_back(act_of("circuit-breaker", number));
    REQUIRE(journal.append(step).has_value());
  }

  HistoryQuery query;
  CHECK(journal.verdicts(query)->size() == 20);
  query.policy = "circuit-breaker";
  const auto newest_first = journal.verdicts(query);
  REQUIRE(newest_first->size() == 10);
  CHECK(newest_first->front().wall == wall_of_step(9));
  CHECK(newest_first->back().wall == wall_of_step(0));

  query.from = wall_of_step(3);
  query.until = wall_of_step(5);
  CHECK(journal.verdicts(query)->size() == 3);
  CHECK(journal.acts(query)->size() == 1);
  CHECK(journal.effects(query)->size() == 3);
  query.changes_only = true;
  const auto changes = journal.verdicts(query);
  REQUIRE(changes->size() == 1);
  CHECK(changes->front().verdict.step == Step::opened);
  CHECK(journal.acts(query)->size() == 1);

  HistoryQuery about_worker;
  about_worker.subject = worker;
  REQUIRE(journal.verdicts(about_worker)->size() == 1);
  CHECK(journal.verdicts(about_worker)->front().wall == wall_of_step(6));

  HistoryQuery few;
  few.limit = 2;
  const auto acts = journal.acts(few);
  REQUIRE(acts->size() == 2);
  CHECK(acts->front().act.token.sequence == 8);
  few.limit = -1;
  CHECK(journal.acts(few)->empty());
}

TEST_CASE("journal: the file is for its owner's eyes only, an older one too") {
  const ScratchDirectory scratch;
  const auto mode = [&] {
    struct stat status {};
    REQUIRE(::stat((scratch.path() + "/journal.db").c_str(), &status) == 0);
    return status.st_mode & 0777u;
  };
  const auto before = ::umask(0);
  SqliteJournal journal(options_in(scratch.path()));
  const bool opened = journal.open().has_value();
  ::umask(before);
  REQUIRE(opened);
  CHECK(mode() == 0600u);
  REQUIRE(journal.close().has_value());
  REQUIRE(::chmod((scratch.path() + "/journal.db").c_str(), 0644) == 0);
  REQUIRE(journal.open().has_value());
  CHECK(mode() == 0600u);
}

TEST_CASE("journal: one connection at a time, whoever else asks is told who holds it (H41)") {
  const ScratchDirectory scratch;
  const auto options = options_in(scratch.path());
  SqliteJournal first(options);
  REQUIRE(first.open().has_value());

  SqliteJournal second(options);
  const auto refused = second.open();
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::storage);
  CHECK(refused.error().context == options.path + ": another Homeostat holds this journal");
  CHECK_FALSE(second.usable());
  const auto reader = SqliteHistory::open(options.path);
  REQUIRE_FALSE(reader.has_value());
  CHECK(reader.error().context == options.path +
                                      ": a running daemon holds this journal: ask it, or copy the "
                                      "file together with its -wal and "
                                      "read the copy");

  REQUIRE(first.close().has_value());
  REQUIRE(second.append(quiet_step(0)).has_value());
  CHECK(second.usable());
}

TEST_CASE("journal: each start of the daemon is a run of its own") {
  const ScratchDirectory scratch;
  for (int start = 0; start < 3; ++start) {
    SqliteJournal journal(options_in(scratch.path()));
    REQUIRE(journal.open().has_value());
    REQUIRE(journal.append(quiet_step(start)).has_value());
  }
  const auto history = SqliteHistory::open(scratch.path() + "/journal.db");
  REQUIRE(history.has_value());
  std::int64_t after = 0;
  const auto steps = history->steps(after, 10);
  REQUIRE(steps->size() == 3);
  CHECK((*steps)[0].run == 1);
  CHECK((*steps)[2].run == 3);
  require_same((*steps)[2].step, quiet_step(2));
}

TEST_CASE("journal: text in another encoding than UTF-8 does no harm") {
  const ScratchDirectory scratch;
  SqliteJournal journal(options_in(scratch.path()));
  REQUIRE(journal.open().has_value());
  auto step = quiet_step(0);
  step.acts.push_back(act_of("circuit-breaker", 0));
  step.acts.back().detail =
      "Relation \xfc"
      "berlastet";
  REQUIRE(journal.append(step).has_value());
  const auto acts = journal.acts({});
  REQUIRE(acts.has_value());
  CHECK(acts->front().act.detail ==
        "Relation \xef\xbf\xbd"
        "berlastet");
}

TEST_CASE("journal: a reader says what is wrong with a path") {
  const ScratchDirectory scratch;
  const auto missing = SqliteHistory::open(scratch.path() + "/none.db");
  REQUIRE_FALSE(missing.has_value());
  CHECK(missing.error().context == scratch.path() + "/none.db: No such file or directory");
  CHECK_FALSE(fs::exists(scratch.path() + "/none.db"));
}
