-- SPDX-License-Identifier: Apache-2.0
-- The whole lock table, read once: every lock on an object that somebody waits for. Takes all
-- partition locks of the lock manager, so only when the ratio is high, and rarely.
WITH locks AS MATERIALIZED (
  SELECT concat_ws(':', l.locktype, l.database, l.relation, l.page, l.tuple, l.virtualxid,
                   l.transactionid, l.classid, l.objid, l.objsubid) AS object,
         coalesce(l.pid, 0) AS pid, l.mode, l.granted,
         date_part('epoch', statement_timestamp() - l.waitstart) AS waited
    FROM pg_lock_status() l
)
SELECT object, pid, mode, granted, waited
  FROM locks
 WHERE object IN (SELECT object FROM locks WHERE NOT granted)
 LIMIT 20000
