-- SPDX-License-Identifier: Apache-2.0
-- What a node of Citus, 11 or later, says of itself, as one JSON object. `workers` are background
-- workers that run now; what PostgreSQL starts apart from max_worker_processes is none. `conninfo` is
-- null for who may not see it.
SELECT row_to_json(f) FROM (
  SELECT (SELECT g.groupid FROM pg_catalog.pg_dist_local_group g) AS groupid,
         pg_catalog.citus_is_coordinator() AS coordinator,
         current_setting('wal_level') AS wal_level,
         current_setting('max_replication_slots')::int AS max_slots,
         current_setting('max_wal_senders')::int AS max_senders,
         current_setting('max_worker_processes')::int AS max_workers,
         current_setting('max_logical_replication_workers')::int AS max_logical,
         (SELECT count(*) FROM pg_catalog.pg_replication_slots) AS slots,
         (SELECT count(*) FROM pg_catalog.pg_stat_get_wal_senders()) AS senders,
         (SELECT count(*) FROM pg_catalog.pg_stat_get_activity(NULL) a
           WHERE a.backend_type NOT IN (
             'client backend', 'autovacuum launcher', 'autovacuum worker', 'background writer',
             'checkpointer', 'startup', 'walwriter', 'walsender', 'walreceiver', 'archiver',
             'logger', 'slotsync worker', 'io worker', 'walsummarizer')) AS workers,
         ARRAY(SELECT s.slot_name::text FROM pg_catalog.pg_replication_slots s
                WHERE s.database = current_database() AND NOT s.active
                  AND s.slot_name ~ '^citus_shard_(move|split)_slot_' ORDER BY 1) AS left_slots,
         (SELECT max(pg_catalog.pg_wal_lsn_diff(pg_catalog.pg_current_wal_lsn(), s.restart_lsn))
            FROM pg_catalog.pg_replication_slots s
           WHERE s.database = current_database() AND NOT s.active
             AND s.slot_name ~ '^citus_shard_(move|split)_slot_')::float8 AS held_bytes,
         current_setting('output_plugin_libraries', true) AS plugins,
         (SELECT s.setting FROM pg_catalog.pg_settings s
           WHERE s.name = 'citus.node_conninfo') AS conninfo,
         d.available_disk_size AS disk_free, d.total_disk_size AS disk
    FROM pg_catalog.citus_local_disk_space_stats() d) f
