// SPDX-License-Identifier: Apache-2.0
#include "actuators/pool_size.hpp"

#include <algorithm>
#include <utility>

namespace homeostat {
namespace asio = boost::asio;
namespace {

// A look in a session that has died meanwhile, a connect, a look and a SET: nothing takes more.
constexpr int kOperationsOfAProcess = 4;

pg::SessionSettings console_settings() {
  pg::SessionSettings settings;
  settings.console = true;
  return settings;
}

}  // namespace

struct PoolSizes::Process {
  Process(const asio::any_io_executor& executor, PoolerProcess of)
      : which{std::move(of)}, session{executor, which.console, console_settings()} {}
  PoolerProcess which;
  pg::Session session;
  std::optional<int> before;  // what to give back; nothing: it is as it was
  std::optional<int> asked;   // the last SET sent, whether its answer came or not
  std::optional<int> stood;   // the last SET that was answered
};

PoolSizes::PoolSizes(asio::any_io_executor executor, std::vector<PoolerProcess> processes,
                     Duration deadline)
    : deadline_{deadline} {
  for (auto& one : processes) {
    processes_.push_back(std::make_unique<Process>(executor, std::move(one)));
  }
}

PoolSizes::~PoolSizes() = default;

bool PoolSizes::pending() const {
  return std::any_of(processes_.begin(), processes_.end(),
                     [](const auto& process) { return process->before.has_value(); });
}

asio::awaitable<Result<int>> PoolSizes::found(Process& process, Duration each) {
  const bool was_open = process.session.connected();
  if (!was_open) {
    const auto opened = co_await process.session.connect(each);
    if (!opened.has_value()) co_return opened.error();
  }
  std::string show = "SHOW CONFIG";
  auto shown = co_await process.session.script(show, each);
  if (!shown.has_value() && was_open && shown.error().code == ErrorCode::unavailable) {
    // It was restarted: the pool's size is that of its file now, and must not stay so for a step.
    const auto opened = co_await process.session.connect(each);
    if (!opened.has_value()) co_return opened.error();
    shown = co_await process.session.script(std::move(show), each);
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

asio::awaitable<Result<void>> PoolSizes::set(Process& process, int size, Duration each) {
  process.asked = size;
  auto statement = "SET default_pool_size = " + std::to_string(size);
  const auto done = co_await process.session.script(std::move(statement), each);
  if (!done.has_value()) co_return done.error();
  process.stood = size;
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PoolSizes::serve(Process& process, std::optional<int> slots,
                                               Duration each) {
  if (!slots && !process.before) co_return Result<void>{};
  const auto size = co_await found(process, each);
  if (!size.has_value()) co_return size.error();
  const bool ours = process.before && (*size == process.asked || *size == process.stood);
  if (slots) {
    if (!ours) process.before = *size;
    const int wanted = std::min(*slots, *process.before);
    if (*size == wanted) co_return Result<void>{};
    co_return co_await set(process, wanted, each);
  }
  // Somebody else's size, or the file's: it is not ours to take back.
  if (ours && *size != *process.before) {
    const auto given = co_await set(process, *process.before, each);
    if (!given.has_value()) co_return given;
  }
  process.before.reset();
  process.asked.reset();
  process.stood.reset();
  process.session.close();
  co_return Result<void>{};
}

asio::awaitable<Result<void>> PoolSizes::keep(std::map<std::string, int> slots) {
  problems_.clear();
  if (processes_.empty()) co_return Result<void>{};
  const auto each =
      deadline_ / static_cast<std::int64_t>(processes_.size() * kOperationsOfAProcess);
  for (const auto& process : processes_) {
    const auto& which = process->which;
    std::optional<int> limit;
    if (const auto found = slots.find(which.zone); found != slots.end()) limit = found->second;
    const auto served = co_await serve(*process, limit, each);
    if (served.has_value()) continue;
    problems_.push_back(which.zone + " at " + which.console.host + ":" +
                        std::to_string(which.console.port) + ": " + served.error().context);
  }
  co_return Result<void>{};
}

}  // namespace homeostat
