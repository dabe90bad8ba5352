-- SPDX-License-Identifier: Apache-2.0
-- On the coordinator: how many deadlocks over nodes its log has had since $2 in file $1, and where it
-- ends now.
SELECT d.file, d.place, d.deadlocks, d.unread
  FROM homeostat_log.citus_deadlocks($1::text, $2::bigint) d
