-- SPDX-License-Identifier: Apache-2.0
-- On each node, once a minute: how many rows of whatever is named like a shard have been read and
-- written, as pg_stat_all_tables counts them, and since when this node counts (seconds since 1970):
-- a crash and a reset begin anew. Takes no lock on a shard.
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
       pg_stat_get_tuples_returned(c.oid) + pg_stat_get_tuples_fetched(c.oid)
         + coalesce(i.fetched, 0) + pg_stat_get_tuples_inserted(c.oid)
         + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS rows,
       coalesce(extract(epoch FROM greatest(pg_stat_get_bgwriter_stat_reset_time(),
                                            pg_stat_get_db_stat_reset_time(d.oid))), 0) AS since
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_database d ON d.datname = current_database()
  LEFT JOIN (SELECT indrelid, sum(pg_stat_get_tuples_fetched(indexrelid)) AS fetched
               FROM pg_index GROUP BY indrelid) i ON i.indrelid = c.oid
 WHERE c.relkind = 'r' AND c.relname ~ '_[0-9]+$'
