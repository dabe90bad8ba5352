-- SPDX-License-Identifier: Apache-2.0
-- How the table $1 is partitioned (null: it is not), and what the catalogs say of the rows of each
-- partition at the end of its tree. Without a table of this name, no row. By pg_inherits and not
-- pg_partition_tree(), which would lock each of them.
WITH RECURSIVE tree AS (
  SELECT c.oid, c.relkind FROM pg_catalog.pg_class c WHERE c.oid = pg_catalog.to_regclass($1)
  UNION ALL
  SELECT c.oid, c.relkind
    FROM tree t
    JOIN pg_catalog.pg_inherits i ON i.inhparent = t.oid AND t.relkind = 'p'
    JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid)
SELECT p.partstrat, c.oid::regclass::text, c.reltuples,
       pg_catalog.pg_stat_get_live_tuples(c.oid),
       coalesce(pg_catalog.pg_stat_get_last_analyze_time(c.oid),
                pg_catalog.pg_stat_get_last_autoanalyze_time(c.oid),
                pg_catalog.pg_stat_get_last_vacuum_time(c.oid),
                pg_catalog.pg_stat_get_last_autovacuum_time(c.oid)) IS NOT NULL
  FROM (SELECT pg_catalog.to_regclass($1)::oid AS root) r
  LEFT JOIN pg_catalog.pg_partitioned_table p ON p.partrelid = r.root
  LEFT JOIN (SELECT * FROM tree WHERE relkind IN ('r', 'f')) t ON true
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.oid
 WHERE r.root IS NOT NULL
