-- SPDX-License-Identifier: Apache-2.0
-- On each node: what its catalogs say of the rows of whatever is named like a shard. Takes no lock
-- on a shard.
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
       c.reltuples,
       pg_stat_get_live_tuples(c.oid) AS live,
       coalesce(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid),
                pg_stat_get_last_vacuum_time(c.oid), pg_stat_get_last_autovacuum_time(c.oid))
         IS NOT NULL AS dated
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relname ~ '_[0-9]+$'
