// SPDX-License-Identifier: Apache-2.0
// The journal of a running daemon, read through its HTTP API.
#pragma once

#include <string>
#include <vector>

#include "controller/ports/history.hpp"

namespace homeostat {

/// Errors as of ask_daemon().
class RemoteHistory : public History {
 public:
  explicit RemoteHistory(std::string server);
  Result<std::vector<RecordedVerdict>> verdicts(const HistoryQuery& query) const override;
  Result<std::vector<RecordedAct>> acts(const HistoryQuery& query) const override;
  Result<std::vector<RecordedEffect>> effects(const HistoryQuery& query) const override;

 private:
  std::string server_;
};

}  // namespace homeostat
