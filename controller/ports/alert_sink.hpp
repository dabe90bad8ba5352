// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "policies/model/time.hpp"

namespace homeostat {

/// An alert as Alertmanager knows it. The labels are its identity: nothing that changes from tick
/// to tick belongs in them.
struct Alert {
  std::map<std::string, std::string> labels;  ///< has `alertname`
  std::map<std::string, std::string> annotations;
  WallTime starts{};
  friend bool operator==(const Alert&, const Alert&) = default;
};

/// Where alerts go. Not a lever: no ledger row, no budget, and it works when all else has failed.
class AlertSink {
 public:
  virtual ~AlertSink() = default;

  /// Every alert that is active now. Those that were active at the last call and are missing here
  /// are resolved. Never blocks, never fails: queues are bounded and counted.
  virtual void publish(std::vector<Alert> active, WallTime now) = 0;
};

}  // namespace homeostat
