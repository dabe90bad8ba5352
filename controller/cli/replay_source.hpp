// SPDX-License-Identifier: Apache-2.0
// What `homeostat replay` reads: a daemon's journal, or a file of samples from Prometheus.
#pragma once

#include <string>

#include "controller/simulator/backtest.hpp"
#include "policies/model/vocabulary.hpp"

namespace homeostat {

/// By its first bytes. True also of what cannot be read: opening it says why.
bool is_journal(const std::string& path);

/// Tells every step of it. Errors as of SqliteHistory.
Result<void> tell_journal(const std::string& path, Backtest& backtest);

/// About what is missing, on standard error.
enum class Notes { printed, left_out };

/// Tells a step for each time in it. Errors `invalid_input` with the place in the file.
Result<void> tell_samples(const std::string& path, const Vocabulary& words,
                          const EngineSettings& settings, Notes notes, Backtest& backtest);

}  // namespace homeostat
