// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/alertmanager.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <list>
#include <utility>

#include "controller/loop/alert_book.hpp"
#include "controller/transport/http_client.hpp"

namespace homeostat {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// For metrics and status: no user, no password.
std::string without_userinfo(std::string url) {
  const auto start = url.find("//");
  const auto end = url.rfind('@');
  if (start != std::string::npos && end != std::string::npos && end > start) {
    url.erase(start + 2, end - start - 1);
  }
  return url;
}

/// One Alertmanager: what it knows, and how it is doing.
struct Instance {
  Instance(const asio::any_io_executor& executor, std::string base_url)
      : url(std::move(base_url)), wake(executor) {
    while (!url.empty() && url.back() == '/') url.pop_back();
  }
  std::string url;
  asio::steady_timer wake;
  asio::cancellation_signal cut;  ///< ends the request under way
  AlertReceipts receipts;
  std::uint64_t failures = 0;
  Duration retry{};                         ///< the next pause after a failure; 0 after a success
  TimePoint not_before = TimePoint::min();  ///< no request before, for the last one failed
};

}  // namespace

struct Alertmanager::Impl {
  Impl(asio::any_io_executor sink_executor, const Clock& sink_clock, AlertmanagerSettings numbers)
      : executor(sink_executor),
        clock(sink_clock),
        settings(numbers),
        ended(sink_executor, asio::steady_timer::time_point::max()) {}

  asio::awaitable<void> serve(Instance& instance);
  asio::awaitable<bool> send(Instance& instance);
  asio::awaitable<void> wait(Instance& instance);
  asio::awaitable<void> all_ended();

  asio::any_io_executor executor;
  const Clock& clock;
  AlertmanagerSettings settings;
  AlertBook book;
  std::list<Instance> instances;
  asio::steady_timer ended;  ///< woken when an instance has ended
  std::size_t running = 0;
  bool stopping = false;
};

Alertmanager::Alertmanager(asio::any_io_executor executor, const Clock& clock,
                           std::vector<std::string> urls, AlertmanagerSettings settings)
    : impl_(std::make_shared<Impl>(executor, clock, settings)) {
  for (auto& url : urls) impl_->instances.emplace_back(executor, std::move(url));
}

Alertmanager::~Alertmanager() = default;

void Alertmanager::publish(std::vector<Alert> active, WallTime now) {
  auto& impl = *impl_;
  const TimePoint at = impl.clock.now();
  impl.book.update(std::move(active), now, at);
  const auto dropped = impl.book.prune(at, impl.settings.resolved_for, impl.settings.capacity);
  for (auto& instance : impl.instances) {
    instance.failures += dropped;
    instance.wake.cancel();
  }
}

std::map<std::string, std::uint64_t> Alertmanager::failures() const {
  std::map<std::string, std::uint64_t> counts;
  for (const auto& instance : impl_->instances)
    counts[without_userinfo(instance.url)] = instance.failures;
  return counts;
}

asio::awaitable<void> Alertmanager::run() {
  const auto impl = impl_;
  for (auto& instance : impl->instances) {
    ++impl->running;
    auto done = [impl](std::exception_ptr failed) {
      --impl->running;
      impl->ended.cancel();
      try {
        if (failed) std::rethrow_exception(failed);
      } catch (const boost::system::system_error& error) {
        // Cut short by stop(); anything else is a defect and must be seen.
        if (error.code() != asio::error::operation_aborted || !impl->stopping) throw;
      }
    };
    auto bound = asio::bind_cancellation_slot(instance.cut.slot(), std::move(done));
    asio::co_spawn(impl->executor, impl->serve(instance), std::move(bound));
  }
  co_await impl->all_ended();
}

asio::awaitable<void> Alertmanager::stop(Duration deadline) {
  const auto impl = impl_;
  impl->stopping = true;
  for (auto& instance : impl->instances) instance.wake.cancel();
  auto cut = [impl](const error_code& cancelled) {
    if (cancelled) return;
    for (auto& instance : impl->instances) instance.cut.emit(asio::cancellation_type::terminal);
  };
  asio::steady_timer alarm(impl->executor, deadline);
  alarm.async_wait(std::move(cut));
  co_await impl->all_ended();
}

asio::awaitable<void> Alertmanager::Impl::all_ended() {
  while (running > 0) {
    error_code woken;
    co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  }
}

asio::awaitable<void> Alertmanager::Impl::serve(Instance& instance) {
  while (true) {
    const bool sent = co_await send(instance);
    if (sent) continue;
    if (stopping) co_return;
    co_await wait(instance);
  }
}

/// Sends what is due. True when the instance took it and there may be more.
asio::awaitable<bool> Alertmanager::Impl::send(Instance& instance) {
  const TimePoint now = clock.now();
  if (now < instance.not_before && !stopping) co_return false;
  const auto entries = instance.receipts.due(book, now, settings.resend, settings.batch);
  if (entries.empty()) co_return false;

  std::string body = alertmanager_json(entries, clock.wall(), settings.valid);
  std::string url = instance.url + "/api/v2/alerts";
  const auto answer = co_await http_post_json(std::move(url), std::move(body), settings.timeout);
  const int status = answer.has_value() ? (*answer).status : 0;
  const bool taken = status >= 200 && status < 300;
  // Of a batch with one bad alert the good ones are stored, and the bad one stays bad: sent again
  // with the next regular round, not before.
  const bool refused = status == 400 || status == 422;
  if (!taken) ++instance.failures;
  if (taken || refused) {
    instance.receipts.received(book, entries, now);
    instance.retry = Duration{0};
    instance.not_before = TimePoint::min();
    co_return true;
  }
  const Duration doubled = std::min(instance.retry * 2, settings.longest_retry);
  instance.retry = std::max(doubled, settings.first_retry);
  instance.not_before = clock.now() + instance.retry;
  co_return false;
}

/// Until something is due, publish() brings news, or stop() is called.
asio::awaitable<void> Alertmanager::Impl::wait(Instance& instance) {
  instance.wake.expires_at(asio::steady_timer::time_point::max());
  const auto next = instance.receipts.next_due(book, settings.resend);
  if (next) instance.wake.expires_after(std::max(*next, instance.not_before) - clock.now());
  error_code woken;
  co_await instance.wake.async_wait(asio::redirect_error(asio::use_awaitable, woken));
}

}  // namespace homeostat
