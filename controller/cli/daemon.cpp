// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/daemon.hpp"

#include <spdlog/logger.h>
#include <unistd.h>

#include <array>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "controller/api/api.hpp"
#include "controller/cli/version.hpp"
#include "controller/cli/wiring.hpp"
#include "controller/loop/alertmanager.hpp"
#include "controller/loop/pg_ledger.hpp"
#include "controller/loop/sqlite_journal.hpp"
#include "controller/loop/supervisor.hpp"
#include "controller/loop/thresholds.hpp"
#include "controller/transport/http_server.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

constexpr Duration kFlushAlerts = std::chrono::seconds{5};

std::string host_name() {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  return host.data();
}

std::string instance_name() { return host_name() + ":" + std::to_string(getpid()); }

SupervisorSettings settings_of(const Config& config) {
  SupervisorSettings settings;
  settings.tick = config.tick;
  settings.mode_ceiling = config.mode_ceiling;
  settings.revert_on_exit = config.on_exit == OnExit::revert;
  if (config.ledger) settings.ledger_node = {SubjectKind::node, config.ledger->node};
  for (const auto& feature : config.features) settings.features[feature.name] = feature.klass;
  settings.version = kVersion;
  settings.instance = instance_name();
  settings.endpoint = host_name() + ":" + std::to_string(config.listen_port);
  return settings;
}

JournalOptions journal_options(const Config& config) {
  JournalOptions options;
  options.path = config.journal_path;
  options.keep = config.journal_keep;
  options.max_bytes = config.journal_max_bytes;
  return options;
}

/// Shadow needs no schema and no write privilege.
bool acts(const Config& config) { return config.ledger && config.mode_ceiling > Mode::shadow; }

/// REQUIRES: a ledger is configured.
pg::Address actuator_address(const Config& config) {
  return address_of(config, config.ledger->node, config.ledger->user, config.ledger->password_file);
}

PgLedgerOptions ledger_options(const Config& config, const PolicySet& policies) {
  PgLedgerOptions options;
  options.holder = instance_name();
  options.features = config.features;
  options.profiles = config.profiles;
  options.sessions = config.sessions;
  options.zones = config.zones;
  options.sessions_per_hour = config.engine.sessions_per_hour;
  options.thresholds = thresholds_of(policies);
  options.jitter_seed = static_cast<std::uint32_t>(getpid());
  return options;
}

template <class T>
std::vector<T*> borrow(const std::vector<std::unique_ptr<T>>& owned) {
  std::vector<T*> all;
  for (const auto& one : owned) all.push_back(one.get());
  return all;
}

}  // namespace

/// The actuator's session and what lives on it.
struct Actuator {
  Actuator(asio::io_context& io, const Config& config, const PolicySet& policies,
           const Clock& clock, const std::shared_ptr<KnownShards>& shards)
      : session(io.get_executor(), actuator_address(config), pg::SessionSettings{}),
        ledger(session, clock, ledger_options(config, policies)),
        levers(make_levers(config, io.get_executor(), session, clock, shards)) {}
  pg::Session session;
  PgLedger ledger;
  std::vector<std::unique_ptr<Lever>> levers;
};

struct Daemon::Impl {
  Impl(asio::io_context& context, const Setup& setup, const Clock& time, spdlog::logger& logger,
       std::function<void()> heartbeat)
      : io(context),
        log(logger),
        config(setup.config),
        journal(journal_options(config)),
        probes(make_probes(config, io.get_executor(), shards)),
        alerts(io.get_executor(), time, config.alertmanagers),
        api({[this] { return supervisor->report(); }, journal, time}, config.listen_host,
            config.tick) {
    if (acts(config)) actuator.emplace(io, config, setup.policies, time, shards);
    SupervisorParts parts{time, journal, logger, borrow(probes), {}, nullptr, &alerts, {}, {}};
    if (actuator) {
      parts.ledger = &actuator->ledger;
      parts.levers = borrow(actuator->levers);
    }
    parts.heartbeat = [this, heartbeat = std::move(heartbeat)] {
      say_quarantined();
      if (heartbeat) heartbeat();
    };
    parts.notify_failures = [this] { return alerts.failures(); };
    supervisor =
        std::make_unique<Supervisor>(std::move(parts), settings_of(config), setup.policies);
  }

  /// A damaged journal may also be found long after the start.
  void say_quarantined() {
    for (const auto& file : journal.take_quarantined()) {
      log.warn("journal was damaged, set aside as {}", file);
    }
  }

  asio::io_context& io;
  spdlog::logger& log;
  Config config;
  SqliteJournal journal;
  std::shared_ptr<KnownShards> shards = std::make_shared<KnownShards>();
  std::vector<std::unique_ptr<Probe>> probes;
  std::optional<Actuator> actuator;
  Alertmanager alerts;
  Api api;
  std::unique_ptr<HttpServer> server;
  std::unique_ptr<Supervisor> supervisor;
};

Daemon::Daemon(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Daemon::~Daemon() = default;

Result<std::unique_ptr<Daemon>> Daemon::start(asio::io_context& io, const Setup& setup,
                                              const Clock& clock, spdlog::logger& log,
                                              std::function<void()> heartbeat) {
  auto impl = std::make_unique<Impl>(io, setup, clock, log, std::move(heartbeat));
  auto* parts = impl.get();
  auto server = HttpServer::listen(
      io.get_executor(), impl->config.listen_host, impl->config.listen_port,
      [parts](const HttpRequest& request) { return parts->api.answer(request); });
  if (!server.has_value()) return server.error();
  impl->server = std::move(*server);
  // A journal that cannot be written bars forward acts; it is no reason not to watch.
  const auto opened = impl->journal.open();
  if (!opened.has_value()) {
    log.error("journal unusable, no forward acts until it is mended: {}", opened.error().context);
  }
  impl->say_quarantined();
  return std::unique_ptr<Daemon>(new Daemon(std::move(impl)));
}

asio::awaitable<void> Daemon::supervise() {
  co_await impl_->supervisor->run();
  co_await impl_->alerts.stop(kFlushAlerts);
  impl_->server->stop();
}

asio::awaitable<void> Daemon::run() {
  using asio::experimental::awaitable_operators::operator&&;
  auto supervising = supervise();
  auto telling = impl_->alerts.run();
  auto serving = impl_->server->run();
  co_await (std::move(supervising) && std::move(telling) && std::move(serving));
  const auto closed = impl_->journal.close();
  if (!closed.has_value()) impl_->log.warn("journal: {}", closed.error().context);
}

void Daemon::request_stop() { impl_->supervisor->request_stop(); }

void Daemon::make_way(const Setup& successor) {
  const bool same = acts(successor.config) && acts(impl_->config) &&
                    actuator_address(successor.config) == actuator_address(impl_->config);
  // Nor is the database's own guard to act by what does not act any more.
  if (!same && impl_->actuator) impl_->actuator->ledger.set_thresholds({});
  impl_->supervisor->request_stop(same ? Leaving::keep : Leaving::revert);
}

void Daemon::replace(const Setup& setup) {
  impl_->config = setup.config;
  impl_->api.set_tick(setup.config.tick);
  if (impl_->actuator) {
    impl_->actuator->ledger.set_inventory(setup.config.features, setup.config.profiles,
                                          setup.config.sessions,
                                          setup.config.engine.sessions_per_hour);
    impl_->actuator->ledger.set_thresholds(thresholds_of(setup.policies));
  }
  impl_->supervisor->replace(settings_of(setup.config), setup.policies);
  impl_->supervisor->set_reload_error({});
}

void Daemon::set_reload_error(std::string error) {
  impl_->supervisor->set_reload_error(std::move(error));
}

int Daemon::http_port() const { return impl_->server->port(); }

}  // namespace homeostat
