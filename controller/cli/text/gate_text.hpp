// SPDX-License-Identifier: Apache-2.0
// One gate of a verdict in words: value, threshold and margin with their units. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "policies/model/verdict.hpp"

namespace homeostat::text {

/// "pg_blocked_ratio: cusum S 0.41 of 1.00: 0.59 short". `policy` is the policy's JSON (codec of
/// the model), from which comes what the gate itself does not say; null when it is not known.
std::string gate(const Verdict& verdict, const Gate& gate, const nlohmann::json& policy);

/// The gates that say no, in words; only those of these kinds, if any are given.
std::string failed_gates(const Verdict& verdict, const nlohmann::json& policy,
                         std::span<const GateKind> kinds = {});

/// "Head: why.", or "Head." without a reason.
std::string sentence(const std::string& head, const std::string& why);

/// Why forward acts are barred, as part of a sentence.
std::string bar(ForwardBar bar);

/// Why a reading is absent, as part of a sentence.
std::string absence(AbsentReason reason);

}  // namespace homeostat::text
