// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/ports/journal.hpp"
#include "policies/model/error.hpp"

namespace homeostat {

/// What to look for. Results come newest first.
struct HistoryQuery {
  std::optional<std::string> policy;
  std::optional<Subject> subject;
  std::optional<WallTime> from;   ///< inclusive
  std::optional<WallTime> until;  ///< inclusive
  bool changes_only = false;      ///< of verdicts: without those that were idle or only holding
  int limit = 50;
};

struct RecordedVerdict {
  WallTime wall{};
  Verdict verdict;
};
struct RecordedAct {
  WallTime wall{};
  ActRecord act;
};
struct RecordedEffect {
  WallTime wall{};
  Effect effect;
};

/// Reads the journal: `history`, `explain`, /v1/decisions.
class History {
 public:
  virtual ~History() = default;
  virtual Result<std::vector<RecordedVerdict>> verdicts(const HistoryQuery& query) const = 0;
  virtual Result<std::vector<RecordedAct>> acts(const HistoryQuery& query) const = 0;
  virtual Result<std::vector<RecordedEffect>> effects(const HistoryQuery& query) const = 0;
};

}  // namespace homeostat
