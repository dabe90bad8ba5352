-- SPDX-License-Identifier: Apache-2.0
SELECT ours, epoch, holder, takeovers, lock_pid, lock_role, lock_started, may_end, foreign_lock
  FROM homeostat.hold_lease($1, $2)
