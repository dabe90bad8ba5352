// SPDX-License-Identifier: Apache-2.0
// Judges what a session has learned about its server. Pure.
#pragma once

#include <string>

#include "controller/cli/doctor/finding.hpp"
#include "controller/cli/doctor/server_facts.hpp"

namespace homeostat::doctor {

/// SQL that makes `member` one of `role` with its privileges. From 16 on a membership may inherit
/// nothing, and a plain GRANT leaves it so; before, that is the member's own attribute, `inherits`.
std::string grant_inherited(const ServerFacts& facts, const std::string& role,
                            const std::string& member, bool inherits);

/// 15 to 18 are tested.
void judge_version(const ServerFacts& facts, Findings& findings);

/// Tells which server it is, for people to compare: never wrong by itself.
void judge_identity(const ServerFacts& facts, Findings& findings);

/// Whether it counts others' sessions (H66) and what it counts them by.
void judge_statistics(const ServerFacts& facts, Findings& findings);

/// No role of ours is a superuser, makes roles, or reaches the server's files.
void judge_powers(const ServerFacts& facts, Findings& findings);

/// Connections left, and those kept for roles like ours (H11).
void judge_headroom(const ServerFacts& facts, Findings& findings);

/// Whether the server notices that a client has gone while its statement waits.
void judge_abandoned(const ServerFacts& facts, Findings& findings);

void judge_clock(const ServerFacts& facts, Findings& findings);

}  // namespace homeostat::doctor
