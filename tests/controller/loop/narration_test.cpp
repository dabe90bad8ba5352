// SPDX-License-Identifier: Apache-2.0
#include "controller/loop/narration.hpp"

#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <catch2/catch.hpp>
#include <memory>
#include <sstream>

using namespace homeostat;

namespace {

ProbeStatus probe(bool up, const std::string& error = {}) {
  return {"pg_locks", {SubjectKind::node, "main"}, up, error};
}

/// What `tells` writes to a log.
template <class Telling>
std::string written(Telling tells) {
  std::ostringstream text;
  spdlog::logger log("test", std::make_shared<spdlog::sinks::ostream_sink_st>(text));
  log.set_pattern("%l %v");
  tells(log);
  return text.str();
}

/// What is said between two steps.
std::string said(const std::vector<ProbeStatus>& before, const std::vector<ProbeStatus>& now) {
  return written([&](spdlog::logger& log) { log_probes(log, now, before); });
}

}  // namespace

TEST_CASE("narration: a probe that fails is told once for each reason, and when it is back") {
  const std::vector<ProbeStatus> up{probe(true)};
  const std::vector<ProbeStatus> refused{probe(false, "Connection refused")};
  const std::vector<ProbeStatus> blind{probe(false, "GRANT pg_read_all_stats")};
  CHECK(said(up, refused) == "warning probe pg_locks node/main: Connection refused\n");
  CHECK(said(refused, refused).empty());
  CHECK(said(refused, blind) == "warning probe pg_locks node/main: GRANT pg_read_all_stats\n");
  CHECK(said(blind, up) == "info probe pg_locks node/main: answers again\n");
  CHECK(said(up, up).empty());
}

TEST_CASE("narration: at the first step only a probe that fails is worth a line") {
  CHECK(said({}, {probe(true)}).empty());
  CHECK(said({}, {probe(false, "no")}) == "warning probe pg_locks node/main: no\n");
}

TEST_CASE("narration: a renewal is worth a line when it did more than renew") {
  ActRecord renewal;
  renewal.kind = ChangeKind::renew;
  renewal.outcome = ChangeOutcome::applied;
  renewal.key = {"end_session", "sessions/batch"};
  renewal.policy = "idle-blockers";
  const auto told = [&] { return written([&](spdlog::logger& log) { log_acts(log, {renewal}); }); };
  CHECK(told().empty());
  renewal.detail = "ended 1 session of batch";
  CHECK(told() ==
        "info renew end_session sessions/batch: applied (idle-blockers; ended 1 session of "
        "batch)\n");
}
