// SPDX-License-Identifier: Apache-2.0
// Who waits for whom, out of one reading of PostgreSQL's lock table. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace homeostat {

/// A row of pg_locks on an object that somebody waits for.
struct LockRow {
  std::string object;  ///< what is locked, in any spelling that tells objects apart
  int pid = 0;         ///< 0: a prepared transaction, which has no process
  std::string mode;    ///< as PostgreSQL names it: `ExclusiveLock`
  bool granted = false;
  double waited = 0;  ///< seconds in this queue; orders the waiters
};

struct RootBlocker {
  int pid = 0;
  int victims = 0;  ///< sessions that wait for it, directly or behind others
};

/// The session that waits for nobody and holds back the most others; the lowest pid of several.
/// Nothing when nobody waits, or all wait in a circle. A waiter is behind the holders whose mode
/// conflicts with its own and behind whoever queued before it with a conflicting mode (conflicts:
/// PostgreSQL manual, 13.3.1).
std::optional<RootBlocker> root_blocker(const std::vector<LockRow>& locks);

}  // namespace homeostat
