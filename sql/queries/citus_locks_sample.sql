-- SPDX-License-Identifier: Apache-2.0
-- pg_locks_sample.sql, told by shard of Citus as well, on a node whose shards are dealt out to zones.
-- Counted as there, in one scan of the sessions' slots; no heavyweight lock, no catalog.
-- $1: OIDs of our own roles, $2: OID of the database.
-- shard: the first that the statement names, or in an idle transaction its last one. Its number is
-- cut out here: no text leaves the server. (Of a statement's first 2,048 characters, or
-- track_activity_query_size. Of a SELECT, as Citus writes it, from its FROM on: most columns and
-- literals that look like shards come before that. A table that is in no zone, such as a reference
-- table, named before the shard leaves the statement to the node alone.)
-- shards: `[shard, open, blocked, row_blocked, over_500ms]` each; null: none.
WITH s AS MATERIALIZED (
        SELECT a.backend_type IS NULL AS hidden,
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
               END AS idle,
               CASE WHEN client.counted AND a.xact_start IS NOT NULL AND a.datid = $2::oid
                    THEN substring(CASE WHEN starts_with(a.query, 'SELECT')
                                        THEN substr(left(a.query, 2048),
                                                    strpos(left(a.query, 2048), ' FROM '))
                                        ELSE left(a.query, 2048)
                                   END COLLATE "C" FROM '_([0-9]{6,18})\M') END AS shard
          FROM pg_stat_get_activity(NULL) a
         CROSS JOIN LATERAL (SELECT a.backend_type = 'client backend'
                                AND a.pid <> pg_backend_pid()
                                AND NOT starts_with(a.application_name, 'homeostat')
                                AND a.usesysid <> ALL ($1::oid[]) AS counted
                             OFFSET 0) client) -- OFFSET 0: computed once a session
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
                 pg_is_in_recovery()) AS start,
       (SELECT json_agg(json_build_array(t.shard::bigint, t.open, t.blocked, t.row_blocked, t.over))
          FROM (SELECT s.shard, count(*) AS open, count(*) FILTER (WHERE s.blocked) AS blocked,
                       count(*) FILTER (WHERE s.row_blocked) AS row_blocked,
                       count(*) FILTER (WHERE s.blocked AND s.age > 0.5) AS over
                  FROM s WHERE s.shard IS NOT NULL GROUP BY s.shard) t) AS shards
  FROM s
