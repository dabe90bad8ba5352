// SPDX-License-Identifier: Apache-2.0
// Which alerts are active: those of the policies, and those about the supervisor itself.
#pragma once

#include <vector>

#include "controller/loop/report.hpp"
#include "controller/ports/alert_sink.hpp"
#include "policies/model/verdict.hpp"

namespace homeostat {

/// An Alert for each of `policies` and for each thing that `report` shows to be wrong. Identity is
/// in the labels; what changes from step to step is in the annotations.
///
/// Of a policy: alertname `Homeostat` + the policy's name in PascalCase, policy, subject, severity,
/// mode, and the labels of its `alert:`; by the leader, or by everybody while nobody is known to
/// lead. Of this instance, which `instance` names: HomeostatWatchdog (always: a dead man's switch),
/// HomeostatBlind (a subject whose probe is down or whose signals are absent), HomeostatCannotAct
/// (ledger lost, nobody leads, leadership flaps, another server; for a tick or longer),
/// HomeostatRevertOverdue, HomeostatLeverRefused, HomeostatActRefused (a lever that does not
/// stand), HomeostatForeignWrite, HomeostatPausedLong, HomeostatJobNotStarted (a job was ordered,
/// and for three evaluations nobody could start it), HomeostatJournalUnusable,
/// HomeostatReloadFailed, HomeostatHarmfulAct (an act was followed by what it was to prevent, and
/// is taken back), HomeostatNoRungLeft (every rung of a policy is benched).
std::vector<Alert> active_alerts(const std::vector<ActiveAlert>& policies, const Report& report);

}  // namespace homeostat
