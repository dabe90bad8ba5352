// SPDX-License-Identifier: Apache-2.0
// `homeostat replay`: what came out, as people and as programs read it. Pure.
#pragma once

#include <string>
#include <vector>

#include "controller/cli/text/table.hpp"
#include "controller/simulator/backtest.hpp"

namespace homeostat::text {

/// `other` is what the second side is called: `recorded` or `against`; empty when there is none.
/// At most `limit` actions.
std::string replay(const Backtest& backtest, const std::string& other, int limit);

/// One JSON object with everything, a newline at its end.
std::string replay_json(const Backtest& backtest, const std::string& other);

/// The rung that was taken or given back for harm, otherwise the highest one that was left; of a
/// regulator, where it set its lever.
std::string where(const Action& action);

/// At most `limit` of them as rows, without a head: how both sides stand to each other first.
std::vector<Row> replay_actions(const std::vector<PairedAction>& pairs, const std::string& other,
                                int limit);

/// The figures of both sides as rows, the head first.
std::vector<Row> replay_figures(const Backtest& backtest, const std::string& other);

/// What the recording is, then what limits the answer, each in one line.
std::vector<std::string> recording_facts(const RecordingFacts& facts);

/// How many verdicts differ, in one line.
std::string difference(const Backtest& backtest);

}  // namespace homeostat::text
