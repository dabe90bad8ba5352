// SPDX-License-Identifier: Apache-2.0
#include "controller/cli/doctor/check_machine.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "controller/cli/daemon_client.hpp"
#include "controller/transport/http_server.hpp"
#include "policies/model/snapshot.hpp"

namespace homeostat::doctor {
namespace {

namespace fs = std::filesystem;

constexpr const char* kWhyJournal =
    "what was measured, decided and done is kept there; without it Homeostat watches and gives "
    "back, but starts nothing";

std::string this_user() {
  const auto* entry = getpwuid(geteuid());
  return entry == nullptr ? std::to_string(geteuid()) : std::string(entry->pw_name);
}

std::string megabytes(std::uintmax_t bytes) { return std::to_string(bytes / 1'000'000) + " MB"; }

void judge_room(const Config& config, const fs::path& folder, Findings& findings) {
  std::error_code failed;
  const auto space = fs::space(folder, failed);
  if (failed) return;
  const auto size = fs::file_size(config.journal_path, failed);
  const auto has = failed ? 0 : size;
  const auto wanted = static_cast<std::uintmax_t>(config.journal_max_bytes);
  const auto grows = wanted > has ? wanted - has : 0;
  if (space.available >= grows) {
    findings.ok("room",
                megabytes(space.available) + " free, the journal may grow by " + megabytes(grows));
    return;
  }
  findings.warn("room",
                "only " + megabytes(space.available) + " free in " + folder.string() +
                    ", the journal may grow by " + megabytes(grows),
                {kWhyJournal, "make room there, or lower journal.max_size"});
}

}  // namespace

std::vector<Finding> check_journal(const Config& config) {
  Findings findings("journal");
  const fs::path path(config.journal_path);
  const auto folder = path.parent_path().empty() ? fs::path(".") : path.parent_path();
  std::error_code failed;
  const bool there = fs::exists(path, failed);
  // In WAL mode SQLite makes files beside it.
  const bool writable = access(folder.c_str(), W_OK | X_OK) == 0 &&
                        (!there || access(path.c_str(), R_OK | W_OK) == 0);
  if (!writable) {
    const std::string reason = std::strerror(errno);
    findings.fail(
        "path", path.string() + " cannot be written by this user: " + reason,
        {kWhyJournal, "as root: install -d -m 0700 -o " + this_user() + " " + folder.string() +
                          "\n(run doctor as the user that the daemon runs as)"});
    return std::move(findings.all());
  }
  findings.ok("path", path.string() + (there ? " is there" : " can be created"));
  judge_room(config, folder, findings);
  return std::move(findings.all());
}

namespace {

/// `status`: of the daemon that runs here.
void judge_daemon(const nlohmann::json& status, Findings& findings) {
  if (status.value("bar", std::string{}) != to_text(ForwardBar::identity_changed)) return;
  findings.fail("daemon", status.value("bar_detail", std::string{}),
                {"it starts nothing and gives nothing back: what it knows is of another database",
                 "if this server is the right one, reload: systemctl reload homeostat, or SIGHUP"});
}

}  // namespace

std::vector<Finding> check_http(const Config& config,
                                const boost::asio::any_io_executor& executor) {
  Findings findings("http");
  const bool v6 = config.listen_host.find(':') != std::string::npos;
  const auto place = (v6 ? "[" + config.listen_host + "]" : config.listen_host) + ":" +
                     std::to_string(config.listen_port);
  const auto unanswered = [](const HttpRequest&) { return HttpAnswer{}; };
  const auto free =
      HttpServer::listen(executor, config.listen_host, config.listen_port, unanswered);
  if (free.has_value()) {
    findings.ok("port", place + " is free");
    return std::move(findings.all());
  }
  const auto daemon = ask_daemon("http://" + place, "/v1/status");
  if (daemon.has_value()) {
    findings.ok("port",
                place + " is served by Homeostat " + daemon->value("version", std::string{"?"}));
    judge_daemon(*daemon, findings);
    return std::move(findings.all());
  }
  findings.fail("port", free.error().context,
                {"the daemon does not start without its port: metrics, status and health",
                 "end what listens there (ss -ltnp), or choose another: http: {listen: "
                 "\"127.0.0.1:PORT\"}"});
  return std::move(findings.all());
}

}  // namespace homeostat::doctor
