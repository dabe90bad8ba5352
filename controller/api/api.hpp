// SPDX-License-Identifier: Apache-2.0
// What the daemon answers over HTTP. Reads the published Report and the journal; changes nothing.
// To add a route: one line in Api::route.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "controller/loop/report.hpp"
#include "controller/ports/clock.hpp"
#include "controller/ports/history.hpp"
#include "controller/transport/http_server.hpp"

namespace homeostat {

/// Everything must outlive the Api.
struct ApiParts {
  /// The newest Report; null before the first step has ended.
  std::function<std::shared_ptr<const Report>()> report;
  const History& history;
  const Clock& clock;
};

/// Routes:
///   /             a page for people, refreshed by itself from /v1/status
///   /metrics      Prometheus text; 503 until the first step has ended
///   /livez        200 while the loop steps; 503 when the last step is older than the longer of
///                 three ticks and 30 s. Asks nothing of PostgreSQL: a dead database is no reason
///                 to restart the daemon
///   /readyz       503 until the first step has ended, then 200
///   /v1/status    the Report (report_json.hpp)
///   /v1/policies  {"policies": […]}, every default filled in
///   /v1/decisions {"decisions": [{wall_us, verdict}]}, newest first
///   /v1/acts      {"acts": [{wall_us, act}]}, newest first
///   /v1/effects   {"effects": [{wall_us, effect}]}, newest first
///   /v1/batch-window
///                 what the consumers of group=NAME are told (report_json.hpp); 404: nothing, so
///                 that they do as they like; 503 from an instance that does not lead
/// The three about the past take policy=, subject=, from=, until= (RFC 3339, inclusive), at= (the
/// same as until=: what stood then comes first), limit= (1 to 1000, default 50). Errors are
/// {"error": "…"} with status 400 (a parameter), 404 (the path), 421 (a Host that is not ours), 503
/// (not yet, or the journal cannot be read).
class Api {
 public:
  /// `listen_host` as configured; `tick` as configured.
  Api(ApiParts parts, std::string listen_host, Duration tick);

  HttpAnswer answer(const HttpRequest& request) const;

  /// After a reload.
  void set_tick(Duration tick) { tick_ = tick; }

 private:
  HttpAnswer route(const HttpRequest& request) const;
  HttpAnswer live() const;
  HttpAnswer ready() const;
  HttpAnswer metrics() const;

  ApiParts parts_;
  std::string listen_host_;
  Duration tick_;
  TimePoint made_;  ///< stands in for the first step until there is one
  HttpAnswer page_;
};

}  // namespace homeostat
