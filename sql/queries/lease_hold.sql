-- SPDX-License-Identifier: Apache-2.0
SELECT ours, epoch, holder, takeovers, lock_pid, lock_role, lock_started, may_end, foreign_lock,
       (SELECT coalesce(l.renewed_at + l.ttl < clock_timestamp(), false) FROM homeostat.lease l)
  FROM homeostat.hold_lease($1, $2)
