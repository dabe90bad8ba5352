// SPDX-License-Identifier: Apache-2.0
#include "actuators/pool_size.hpp"

#include <algorithm>
#include <utility>

#include "controller/ports/lever.hpp"
#include "sql/embedded.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kFirstRetry = std::chrono::seconds{5};
constexpr Duration kLastRetry = std::chrono::seconds{60};

pg::SessionSettings console_settings() {
  pg::SessionSettings settings;
  settings.console = true;
  return settings;
}

std::string place_of_console(const pg::Address& console) {
  return console.host + ":" + std::to_string(console.port);
}

}  // namespace

struct PoolSizes::Process {
  Process(const asio::any_io_executor& executor, PoolerProcess of)
      : which{std::move(of)},
        place{place_of_console(which.console)},
        session{executor, which.console, console_settings()} {}
  PoolerProcess which;
  std::string place;  // its name in the database
  pg::Session session;
  bool limited = false;  // at the last keep()
  std::string problem;
  bool foreign = false;  // the problem is that it was left to somebody else
  Duration pause{};      // after the last failure; 0: there was none
  TimePoint retry_at{};
};

/// A row of homeostat.pool_size.
struct PoolSizes::Written {
  std::string process;
  int before = 0;
  int stood = 0;
  int asked = 0;
  std::optional<int> yielded;
  bool knows(int size) const { return size == before || size == stood || size == asked; }
};

struct PoolSizes::Look {
  std::map<std::string, int> slots;        // by zone
  std::map<std::string, Written> written;  // by place of the process
};

PoolSizes::PoolSizes(asio::any_io_executor executor, std::vector<PoolerProcess> processes,
                     pg::Session& ledger, const Clock& clock, Duration consoles, Duration statement)
    : ledger_{ledger}, clock_{clock}, consoles_{consoles}, statement_{statement} {
  for (auto& one : processes) {
    processes_.push_back(std::make_unique<Process>(executor, std::move(one)));
  }
}

PoolSizes::~PoolSizes() = default;

// At least a little: 0 would be no deadline, but an error before anything was tried.
Duration PoolSizes::left() const {
  return std::max<Duration>(until_ - clock_.now(), std::chrono::milliseconds{1});
}

asio::awaitable<Result<PoolSizes::Look>> PoolSizes::look() {
  const auto table = co_await ledger_.query(std::string{sql::pool_look}, {}, statement_);
  if (!table.has_value()) co_return table.error();
  Look look;
  const auto number = [&](int row, int column) {
    return static_cast<int>(table->integer(row, column).value_or(0));
  };
  for (int row = 0; row < table->rows(); ++row) {
    auto name = table->string(row, 1);
    if (table->string(row, 0) == "limit") {
      look.slots[name] = number(row, 2);
      continue;
    }
    Written written{name, number(row, 2), number(row, 3), number(row, 4), {}};
    if (table->integer(row, 5)) written.yielded = number(row, 5);
    look.written.emplace(std::move(name), std::move(written));
  }
  co_return look;
}

asio::awaitable<Result<int>> PoolSizes::found(Process& process) {
  const bool was_open = process.session.connected();
  if (!was_open) {
    const auto opened = co_await process.session.connect(left());
    if (!opened.has_value()) co_return opened.error();
  }
  std::string show = "SHOW CONFIG";
  auto shown = co_await process.session.script(show, left());
  if (!shown.has_value() && was_open && shown.error().code == ErrorCode::unavailable) {
    // It was restarted: the pool's size is that of its file now, and must not stay so for a step.
    const auto opened = co_await process.session.connect(left());
    if (!opened.has_value()) co_return opened.error();
    shown = co_await process.session.script(std::move(show), left());
  }
  if (!shown.has_value()) co_return shown.error();
  for (int row = 0; row < shown->rows(); ++row) {
    if (shown->text(row, 0) != "default_pool_size") continue;
    const auto size = shown->integer(row, 1);
    if (size) co_return static_cast<int>(*size);
  }
  Error error{ErrorCode::protocol, "SHOW CONFIG has no default_pool_size: is it PgBouncer?"};
  co_return error;
}

// What the database answers: empty for null.
asio::awaitable<Result<std::string>> PoolSizes::tell(std::string statement,
                                                     std::vector<pg::Parameter> parameters) {
  const auto table =
      co_await ledger_.query(std::move(statement), std::move(parameters), statement_);
  if (!table.has_value()) {
    ledger_failed_ = true;
    co_return table.error();
  }
  co_return table->string(0, 0);
}

asio::awaitable<Result<void>> PoolSizes::set(Process& process, int found, int size) {
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(process.place);
  parameters.emplace_back(process.which.zone);
  parameters.emplace_back(std::to_string(found));
  parameters.emplace_back(std::to_string(size));
  const auto why_not = co_await tell(std::string{sql::pool_ask}, std::move(parameters));
  if (!why_not.has_value()) co_return why_not.error();
  if (!why_not->empty()) {
    Error error{ErrorCode::refused,
                "default_pool_size stays at " + std::to_string(found) + ": " + *why_not};
    co_return error;
  }
  auto statement = "SET default_pool_size = " + std::to_string(size);
  const auto done = co_await process.session.script(std::move(statement), left());
  if (!done.has_value()) co_return done.error();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PoolSizes::release(Process& process) {
  process.session.close();
  std::vector<pg::Parameter> parameters;
  parameters.emplace_back(process.place);
  const auto forgotten = co_await tell(std::string{sql::pool_forget}, std::move(parameters));
  if (!forgotten.has_value()) co_return forgotten.error();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PoolSizes::serve(Process& process, std::optional<int> slots,
                                               std::optional<Written> written) {
  if (!slots && !written) {
    process.session.close();
    co_return Result<void>{};
  }
  if (!slots && written->yielded) co_return co_await release(process);
  std::optional<int> theirs;
  if (written) theirs = written->yielded;
  int size = theirs.value_or(0);
  if (!theirs) {
    const auto shown = co_await found(process);
    if (!shown.has_value()) co_return shown.error();
    size = *shown;
    if (written && !written->knows(size)) theirs = size;
  }
  if (theirs) {
    if (!slots) co_return co_await release(process);
    if (!written->yielded) {
      std::vector<pg::Parameter> parameters;
      parameters.emplace_back(process.place);
      parameters.emplace_back(std::to_string(size));
      const auto left_alone = co_await tell(std::string{sql::pool_yield}, std::move(parameters));
      if (!left_alone.has_value()) co_return left_alone.error();
    }
    process.session.close();
    Error error{ErrorCode::foreign_value,
                "somebody else has set default_pool_size to " + std::to_string(size) +
                    ": it is left alone until the zone has no limit (it was " +
                    std::to_string(written->before) + ")"};
    co_return error;
  }
  const int before = written ? written->before : size;
  const int wanted = slots ? std::min(*slots, before) : before;
  if (size != wanted) {
    const auto done = co_await set(process, size, wanted);
    if (!done.has_value()) co_return done.error();
  }
  if (!slots) co_return co_await release(process);
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PoolSizes::keep() {
  auto seen = co_await look();
  if (!seen.has_value()) co_return seen.error();
  notes_.clear();
  const auto say = [this](Subject about, std::string text, bool foreign = false) {
    std::string key{foreign ? kForeignWriteNote : "pgbouncer"};
    notes_.push_back({std::move(about), std::move(key), std::move(text)});
  };
  const auto each =
      consoles_ / static_cast<std::int64_t>(std::max<std::size_t>(processes_.size(), 1));
  for (const auto& process : processes_) {
    const auto& which = process->which;
    std::optional<int> slots;
    if (const auto at = seen->slots.find(which.zone); at != seen->slots.end()) slots = at->second;
    std::optional<Written> written;
    if (auto row = seen->written.extract(process->place); !row.empty()) {
      written = std::move(row.mapped());
    }
    const auto now = clock_.now();
    const bool turned = std::exchange(process->limited, slots.has_value()) != slots.has_value();
    if (turned || now >= process->retry_at) {
      until_ = now + each;
      const auto served = co_await serve(*process, slots, std::move(written));
      if (ledger_failed_) {
        ledger_failed_ = false;
        co_return served.error();
      }
      process->problem = served.has_value() ? std::string{} : served.error().context;
      process->foreign = !served.has_value() && served.error().code == ErrorCode::foreign_value;
      // What was left to somebody else is not asked again.
      const bool waits = !served.has_value() && !process->foreign;
      process->pause = waits ? std::clamp(process->pause * 2, kFirstRetry, kLastRetry) : Duration{};
      process->retry_at = clock_.now() + process->pause;
    }
    if (!process->problem.empty()) {
      say({SubjectKind::zone, which.zone},
          which.name + " at " + process->place + ": " + process->problem, process->foreign);
    }
  }
  for (const auto& [place, row] : seen->written) {
    say({SubjectKind::cluster, ""},
        "PgBouncer at " + place + " is not named any more and has a default_pool_size of ours, " +
            std::to_string(row.asked) +
            ": RELOAD it, or SET default_pool_size = " + std::to_string(row.before));
  }
  co_return Result<void>{};
}

}  // namespace homeostat
