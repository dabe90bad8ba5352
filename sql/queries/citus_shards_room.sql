-- SPDX-License-Identifier: Apache-2.0
-- On each node, now and then: what moves and splits of shards need there. Slots and senders of those
-- under way are not counted: they go by themselves. `kept`: the per cent of the disk that Citus wants
-- free after a move. `readers`: slots of those who would get the rows of a copied shard as new ones,
-- for Citus marks them as copies only where citus.enable_change_data_capture is on.
WITH moving AS (
  SELECT s.active_pid FROM pg_replication_slots s
   WHERE s.active AND s.slot_name ~ '^citus_shard_(move|split)_slot_')
SELECT current_setting('wal_level') AS wal_level,
       current_setting('max_replication_slots') AS max_slots,
       (SELECT count(*) FROM pg_replication_slots) - (SELECT count(*) FROM moving) AS slots,
       current_setting('max_wal_senders') AS max_senders,
       (SELECT count(*) FROM pg_stat_get_wal_senders() w
         WHERE NOT EXISTS (SELECT FROM moving m WHERE m.active_pid = w.pid)) AS senders,
       current_setting('max_logical_replication_workers') AS max_logical,
       current_setting('output_plugin_libraries', true) AS plugins,
       d.total_disk_size AS disk, d.available_disk_size AS disk_free,
       array_to_json(ARRAY(
         SELECT s.slot_name::text FROM pg_replication_slots s
          WHERE s.slot_type = 'logical' AND s.database = current_database() AND NOT s.temporary
            AND s.slot_name !~ '^citus_shard_(move|split)_slot_'
            AND coalesce(current_setting('citus.enable_change_data_capture', true), 'off') <> 'on'
          ORDER BY 1)) AS readers,
       CASE WHEN current_setting('citus.check_available_space_before_move', true) = 'off' THEN '0'
            ELSE current_setting('citus.desired_percent_disk_available_after_move', true) END AS kept
  FROM citus_local_disk_space_stats() d
