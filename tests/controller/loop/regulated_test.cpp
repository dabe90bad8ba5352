// SPDX-License-Identifier: Apache-2.0
// What the loop does for regulators: a new leader goes on from the ledger, shadow's moves count.
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "controller/loop/basis_codec.hpp"
#include "controller/loop/takeover.hpp"
#include "controller/loop/tally.hpp"

using namespace homeostat;
using namespace std::chrono_literals;

namespace {

Policy back_pressure(Mode mode) {
  Policy policy;
  policy.name = "back-pressure";
  policy.kind = PolicyKind::regulator;
  policy.mode = mode;
  policy.hash = "c0ffee";
  Act set;
  set.lever = "admission";
  policy.ladder = {set};
  Regulator regulator;
  regulator.argument = "concurrency";
  regulator.bounds = {40, 400, 0, {}};
  policy.regulator = regulator;
  return policy;
}

LedgerRow row() {
  LedgerRow row;
  row.key = {"admission", "zone/3"};
  row.value.arguments = {{"concurrency", 120.0}, {"queue_limit", 0.5}};
  row.policy = "back-pressure";
  row.subject = {SubjectKind::zone, "3"};
  row.policy_hash = "c0ffee";
  row.remaining = 20s;
  return row;
}

std::vector<RegulatedValue> values(const Policy& policy, const LedgerRow& row) {
  PolicySet set;
  set.policies = {policy};
  LedgerImage image;
  image.rows = {row};
  return regulated_values(set, image);
}

}  // namespace

TEST_CASE("takeover: a regulator goes on from its row in the ledger") {
  const auto found = values(back_pressure(Mode::enforce), row());
  REQUIRE(found.size() == 1);
  CHECK(found[0].policy == "back-pressure");
  CHECK(found[0].subject == Subject{SubjectKind::zone, "3"});
  CHECK(found[0].value == 120);
}

TEST_CASE("takeover: a row of another text, past its expiry or of nobody is no start") {
  auto other = row();
  other.policy_hash = "other";
  CHECK(values(back_pressure(Mode::enforce), other).empty());
  auto late = row();
  late.remaining = Duration{0};
  CHECK(values(back_pressure(Mode::enforce), late).empty());
  auto foreign = row();
  foreign.policy = "somebody";
  CHECK(values(back_pressure(Mode::enforce), foreign).empty());
  auto text = row();
  text.value.arguments["concurrency"] = std::string("many");
  CHECK(values(back_pressure(Mode::enforce), text).empty());
  CHECK(values(back_pressure(Mode::shadow), row()).empty());
}

TEST_CASE("basis: where the levers of regulators stood comes back as it went") {
  Basis basis;
  basis.resumed.emplace();
  basis.resumed->values = {{"back-pressure", {SubjectKind::zone, "3"}, 120.5}};
  const auto back = basis_from_json(to_json(basis));
  REQUIRE(back.has_value());
  CHECK(*back == basis);
}

TEST_CASE("tally: a move that shadow would have made counts, an enforced one is an act") {
  Verdict verdict;
  verdict.policy = "back-pressure";
  verdict.kind = PolicyKind::regulator;
  verdict.step = Step::adjusted;
  for (const auto mode : {Mode::shadow, Mode::enforce}) {
    PolicySet set;
    set.policies = {back_pressure(mode)};
    verdict.mode = mode;
    verdict.share = mode == Mode::enforce ? 1 : 0;
    Report report;
    count_would_acts(set, {verdict}, &report);
    CHECK(report.would_acts.size() == (mode == Mode::shadow ? 1 : 0));
  }
}
