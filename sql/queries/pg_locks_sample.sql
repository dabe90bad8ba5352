-- SPDX-License-Identifier: Apache-2.0
-- Every second: one scan of the sessions' own slots, summed up here. It takes no heavyweight lock
-- and reads no catalog, so that the storm it measures cannot stop it.
-- $1: OIDs of our own roles, $2: OID of the database.
-- blocked: a client's transaction that waits for another transaction; row_blocked: for its rows. Sessions just woken queue
-- anew through the LWLock LockManager. Waits for advisory locks, virtualxid (CREATE INDEX
-- CONCURRENTLY) and object (NOTIFY) are no contention of rows.
-- age: of the statement. (pg_locks.waitstart restarts each time a waiter queues anew.)
SELECT count(*) FILTER (WHERE s.blocked) AS blocked,
       count(*) FILTER (WHERE s.row_blocked) AS row_blocked,
       count(*) FILTER (WHERE s.open) AS open_transactions,
       count(*) FILTER (WHERE s.advisory) AS advisory_waiters,
       coalesce(max(s.age) FILTER (WHERE s.blocked), 0) AS wait_max,
       coalesce(percentile_disc(0.95) WITHIN GROUP (ORDER BY s.age) FILTER (WHERE s.blocked), 0)
         AS wait_p95,
       count(*) FILTER (WHERE s.blocked AND s.age > 0.5) AS over_500ms,
       coalesce(max(s.idle), 0) AS idle_in_transaction,
       count(*) FILTER (WHERE s.hidden) AS hidden,
       pg_stat_get_db_deadlocks($2::oid) AS deadlocks,
       pg_stat_get_db_conflict_all($2::oid) AS conflicts,
       concat_ws(' ', date_part('epoch', pg_postmaster_start_time()),
                 date_part('epoch', pg_stat_get_bgwriter_stat_reset_time()),
                 pg_is_in_recovery()) AS start
  FROM (SELECT a.backend_type IS NULL AS hidden,
               client.counted AND a.xact_start IS NOT NULL AS open,
               client.counted AND a.xact_start IS NOT NULL
                 AND CASE a.wait_event_type
                       WHEN 'Lock' THEN a.wait_event IN ('relation', 'tuple', 'transactionid')
                       WHEN 'LWLock' THEN a.wait_event = 'LockManager'
                     END AS blocked,
               client.counted AND a.xact_start IS NOT NULL AND a.wait_event_type = 'Lock'
                 AND a.wait_event IN ('tuple', 'transactionid') AS row_blocked,
               client.counted AND a.wait_event_type = 'Lock' AND a.wait_event = 'advisory' AS advisory,
               greatest(date_part('epoch', statement_timestamp() - a.query_start), 0) AS age,
               CASE WHEN client.counted
                      AND a.state IN ('idle in transaction', 'idle in transaction (aborted)')
                    THEN greatest(date_part('epoch', statement_timestamp() - a.state_change), 0)
               END AS idle
          FROM pg_stat_get_activity(NULL) a
         CROSS JOIN LATERAL (SELECT a.backend_type = 'client backend'
                                AND a.pid <> pg_backend_pid()
                                AND NOT starts_with(a.application_name, 'homeostat')
                                AND a.usesysid <> ALL ($1::oid[]) AS counted
                             OFFSET 0) client -- OFFSET 0: computed once a session
        OFFSET 0) s
