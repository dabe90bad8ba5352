// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/journal_writer.hpp"

#include <nlohmann/json.hpp>
#include <utility>

#include "controller/loop/act_codec.hpp"
#include "controller/loop/basis_codec.hpp"
#include "controller/loop/jobs_codec.hpp"
#include "controller/loop/journal_reader.hpp"
#include "policies/model/codec.hpp"

namespace homeostat::journal {
namespace {

std::int64_t wall_of(const JournalStep& step) { return step.wall.time_since_epoch().count(); }

/// Texts of servers may be in any encoding, and JSON is UTF-8.
std::string dumped(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool notable(Step step) { return step != Step::idle && step != Step::holding; }

Result<void> run_once(sqlite::Statement& statement) {
  const auto done = statement.step();
  if (!done.has_value()) return done.error();
  return {};
}

std::string spaced(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text.append(text.empty() ? "" : " ").append(name);
  return text;
}

std::string spaced(const std::vector<Acknowledgement>& acks) {
  std::string text;
  for (const auto& ack : acks) {
    text.append(text.empty() ? "" : " ").append(ack.scope);
    text.append(" ").append(std::to_string(ack.at.time_since_epoch().count()));
  }
  return text;
}

}  // namespace

Writer::Writer(Statements statements, std::map<Series, std::int64_t> numbers, std::int64_t run,
               std::int64_t last_step)
    : statements_(std::move(statements)),
      numbers_(std::move(numbers)),
      run_(run),
      last_step_(last_step) {}

Result<Writer> Writer::start(sqlite::Database& database) {
  const auto run = database.integer("SELECT max(run) FROM step");
  if (!run.has_value()) return run.error();
  const auto last_step = database.integer("SELECT max(id) FROM step");
  if (!last_step.has_value()) return last_step.error();
  const auto known = read_series(database);
  if (!known.has_value()) return known.error();
  std::map<Series, std::int64_t> numbers;
  for (const auto& [number, series] : *known) numbers[series] = number;

  auto series = database.prepare("INSERT INTO series VALUES (?1, ?2, ?3)");
  if (!series.has_value()) return series.error();
  auto step = database.prepare("INSERT INTO step VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
  if (!step.has_value()) return step.error();
  auto basis = database.prepare("INSERT INTO basis VALUES (?1, ?2, ?3)");
  if (!basis.has_value()) return basis.error();
  auto job = database.prepare("INSERT INTO job VALUES (?1, ?2, ?3)");
  if (!job.has_value()) return job.error();
  auto verdict = database.prepare("INSERT INTO verdict VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7)");
  if (!verdict.has_value()) return verdict.error();
  auto act = database.prepare("INSERT INTO act VALUES (NULL, ?1, ?2, ?3, ?4, ?5)");
  if (!act.has_value()) return act.error();
  auto effect = database.prepare("INSERT INTO effect VALUES (NULL, ?1, ?2, ?3, ?4, ?5)");
  if (!effect.has_value()) return effect.error();
  return Writer(Statements{std::move(*series), std::move(*step), std::move(*basis), std::move(*job),
                           std::move(*verdict), std::move(*act), std::move(*effect)},
                std::move(numbers), *run + 1, *last_step);
}

Result<void> Writer::write(sqlite::Database& database, const std::deque<JournalStep>& steps,
                           bool durable) {
  // Cannot be changed inside a transaction. FULL also makes every earlier commit durable.
  const auto begun = database.execute(durable ? "PRAGMA synchronous = FULL; BEGIN IMMEDIATE"
                                              : "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE");
  if (!begun.has_value()) return begun;
  const auto last_step = last_step_;
  const auto numbers = numbers_;
  auto written = write_all(steps);
  if (written.has_value()) written = database.execute("COMMIT");
  if (written.has_value()) return written;
  last_step_ = last_step;
  numbers_ = numbers;
  if (database.in_transaction()) (void)database.execute("ROLLBACK");
  return written;
}

Result<void> Writer::write_all(const std::deque<JournalStep>& steps) {
  for (const auto& step : steps) {
    auto written = write_one(step);
    if (!written.has_value()) return written;
  }
  return {};
}

Result<void> Writer::write_one(const JournalStep& step) {
  auto done = number_series(step.samples);
  if (!done.has_value()) return done;
  const auto number = ++last_step_;
  const auto wall = wall_of(step);
  statements_.step.reset()
      .bind(1, number)
      .bind(2, run_)
      .bind(3, wall)
      .bind(4, step.at.time_since_epoch().count())
      .bind(5, std::int64_t{step.decided})
      .bind(6, to_text(step.bar))
      .bind(7, spaced(step.paused))
      .bind(8, pack_samples(step.samples, step.at, numbers_))
      .bind(9, spaced(step.acks))
      .bind(10, std::int64_t{step.sessions_ended});
  done = run_once(statements_.step);
  if (done.has_value() && step.basis) {
    statements_.basis.reset().bind(1, number).bind(2, wall).bind(3, dumped(to_json(*step.basis)));
    done = run_once(statements_.basis);
  }
  if (done.has_value() && knows_of_jobs(step)) {
    statements_.job.reset().bind(1, number).bind(2, wall).bind(3, dumped(jobs_to_json(step)));
    done = run_once(statements_.job);
  }
  for (const auto& verdict : step.verdicts) {
    if (!done.has_value()) return done;
    statements_.verdict.reset()
        .bind(1, number)
        .bind(2, wall)
        .bind(3, verdict.policy)
        .bind(4, to_text(verdict.subject))
        .bind(5, to_text(verdict.step))
        .bind(6, std::int64_t{notable(verdict.step)})
        .bind(7, dumped(to_json(verdict)));
    done = run_once(statements_.verdict);
  }
  const auto put = [&](sqlite::Statement& statement, const auto& value) {
    if (!done.has_value()) return;
    statement.reset()
        .bind(1, number)
        .bind(2, wall)
        .bind(3, value.policy)
        .bind(4, to_text(value.subject))
        .bind(5, dumped(to_json(value)));
    done = run_once(statement);
  };
  for (const auto& act : step.acts) put(statements_.act, act);
  for (const auto& effect : step.effects) put(statements_.effect, effect);
  return done;
}

Result<void> Writer::number_series(const std::vector<Sample>& samples) {
  for (const auto& sample : samples) {
    const auto number = static_cast<std::int64_t>(numbers_.size()) + 1;
    if (!numbers_.try_emplace({sample.signal, sample.subject}, number).second) continue;
    statements_.series.reset()
        .bind(1, number)
        .bind(2, sample.signal)
        .bind(3, to_text(sample.subject));
    auto written = run_once(statements_.series);
    if (!written.has_value()) return written;
  }
  return {};
}

}  // namespace homeostat::journal
