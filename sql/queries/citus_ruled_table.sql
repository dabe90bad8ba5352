-- SPDX-License-Identifier: Apache-2.0
-- At the coordinator: the shards of one table, and the type of its distribution column, as it is
-- written in a cast. $1: its schema, $2: its name. No row: there is no such table that is
-- hash-distributed.
SELECT format_type(a.atttypid, a.atttypmod) AS type, s.shardid, s.shardminvalue, s.shardmaxvalue
  FROM pg_namespace n
  JOIN pg_class c ON c.relnamespace = n.oid
  JOIN pg_dist_partition p ON p.logicalrelid = c.oid
  JOIN pg_attribute a ON a.attrelid = c.oid
    AND a.attname = column_to_column_name(p.logicalrelid, p.partkey)
  JOIN pg_dist_shard s ON s.logicalrelid = c.oid
 WHERE n.nspname = $1 AND c.relname = $2 AND p.partmethod = 'h'
