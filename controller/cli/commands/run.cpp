// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/commands/run.hpp"

#include <spdlog/logger.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "controller/cli/daemon.hpp"
#include "controller/cli/logging.hpp"
#include "controller/cli/setup.hpp"
#include "controller/loop/system_clock.hpp"
#include "controller/transport/notify_socket.hpp"

namespace homeostat {
namespace asio = boost::asio;
namespace {

std::optional<std::string> from_environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

/// The process: one Daemon at a time, the signals that steer it, and what systemd is told.
class Process {
 public:
  Process(std::string config_path, Setup setup)
      : config_path_(std::move(config_path)),
        setup_(std::move(setup)),
        manager_(from_environment, getpid()),
        signals_(io_, SIGTERM, SIGINT, SIGHUP) {}

  int run() {
    if (!start()) return 1;
    const auto rethrow = [](std::exception_ptr failure) {
      if (failure) std::rethrow_exception(failure);
    };
    asio::co_spawn(io_, live(), rethrow);
    asio::co_spawn(io_, listen(), rethrow);
    io_.run();
    return exit_code_;
  }

 private:
  bool start() {
    log_ = make_logger(setup_.config.log_format, setup_.config.log_level);
    auto daemon = Daemon::start(io_, setup_, clock_, *log_, [this] { manager_.watchdog(); });
    if (!daemon.has_value()) {
      log_->error("{}", daemon.error().context);
      return false;
    }
    daemon_ = std::move(*daemon);
    log_->info("watching {} nodes with {} policies, mode_ceiling {}, http://{}:{}/",
               setup_.config.nodes.size(), setup_.policies.policies.size(),
               to_text(setup_.config.mode_ceiling), setup_.config.listen_host,
               daemon_->http_port());
    if (!terminating_) manager_.ready("watching");
    return true;
  }

  asio::awaitable<void> live() {
    while (true) {
      co_await daemon_->run();
      if (!successor_) break;
      auto before = std::exchange(setup_, std::move(*successor_));
      successor_.reset();
      daemon_.reset();
      if (!start()) {
        log_->error("going on with the configuration from before the reload");
        setup_ = std::move(before);
        if (!start()) {
          exit_code_ = 1;
          break;
        }
        daemon_->set_reload_error("the new configuration could not be started; see the log");
      }
      // Its predecessor may have left levers for it: it gives back what on_exit says.
      if (terminating_) daemon_->request_stop();
    }
    daemon_.reset();
    io_.stop();  // whatever signal is on its way to listen(): a cancel could miss it
  }

  asio::awaitable<void> listen() {
    while (true) {
      boost::system::error_code ended;
      const int signal =
          co_await signals_.async_wait(asio::redirect_error(asio::use_awaitable, ended));
      if (ended || !daemon_) co_return;
      if (signal == SIGHUP) {
        if (!terminating_) reload();
        continue;
      }
      log_->info("stopping (signal {})", signal);
      manager_.stopping("stopping");
      terminating_ = true;
      if (!successor_) daemon_->request_stop();
    }
  }

  void reload() {
    manager_.reloading("reloading");
    auto load = load_setup(config_path_);
    for (const auto& note : load.notes) log_->info("{}", to_text(note));
    if (!load.setup) {
      for (const auto& error : load.errors) log_->error("reload refused: {}", to_text(error));
      daemon_->set_reload_error(to_text(load.errors.front()));
      manager_.ready("reload refused, the last good policies keep running: " +
                     to_text(load.errors.front()));
      return;
    }
    // With a successor on its way, the newest configuration is the one that it starts with.
    if (!successor_ && replaceable(setup_.config, load.setup->config)) {
      setup_ = std::move(*load.setup);
      daemon_->replace(setup_);
      log_->info("reloaded: {} policies", setup_.policies.policies.size());
      manager_.ready("watching");
    } else {
      log_->info("reloading with new connections");
      daemon_->make_way(*load.setup);
      successor_ = std::move(load.setup);
    }
  }

  std::string config_path_;
  Setup setup_;
  std::shared_ptr<spdlog::logger> log_;
  SystemClock clock_;
  NotifySocket manager_;
  asio::io_context io_{1};
  asio::signal_set signals_;
  std::unique_ptr<Daemon> daemon_;
  std::optional<Setup> successor_;  ///< follows the daemon that is ending
  bool terminating_ = false;
  int exit_code_ = 0;
};

int run_daemon(const std::string& config_path) {
  const rlimit no_core{0, 0};  // a core file would hold passwords
  setrlimit(RLIMIT_CORE, &no_core);
  std::signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go before we have reverted
  auto load = load_setup(config_path);
  if (!load.setup) {
    for (const auto& error : load.errors) std::cerr << to_text(error) << "\n";
    return 1;
  }
  for (const auto& note : load.notes) std::cerr << "note: " << to_text(note) << "\n";
  Process process(config_path, std::move(*load.setup));
  return process.run();
}

}  // namespace

void add_run_command(CLI::App& app, std::function<int()>& chosen) {
  const auto path = std::make_shared<std::string>(kDefaultConfig);
  auto* command = app.add_subcommand("run", "Watch, decide and act; stays in the foreground");
  command->add_option("--config", *path, "The configuration file")->capture_default_str();
  command->footer(
      "SIGHUP reloads configuration and policies; a file with errors keeps the last good set.\n"
      "SIGTERM reverts what is set (or keeps it: on_exit), resolves alerts and ends.\n"
      "Without postgres.ledger and a raised mode_ceiling it only watches (shadow).\n\n"
      "Example:\n  homeostat run --config /etc/homeostat/homeostat.yaml");
  command->callback([path, &chosen] { chosen = [path] { return run_daemon(*path); }; });
}

}  // namespace homeostat
