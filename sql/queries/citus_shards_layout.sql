-- SPDX-License-Identifier: Apache-2.0
-- At the coordinator, from its own catalogs alone: every node, and what hash-distributed shards it
-- should hold. A node without shards has one row without a shard, a shard on an unknown node has no
-- name of a node. Names are Citus' own: long ones are cut and hashed. A partitioned table holds
-- nothing itself.
SELECT coalesce(n.groupid, p.groupid) AS groupid,
       n.nodename || ':' || n.nodeport AS node, n.shouldhaveshards,
       p.shardid, p.name, p.colocationid, p.low, p.single
  FROM (SELECT * FROM pg_dist_node WHERE noderole = 'primary' AND isactive) n
  FULL JOIN (
    SELECT pl.groupid, s.shardid, t.colocationid, s.shardminvalue AS low,
           s.shardminvalue = s.shardmaxvalue AS single,
           quote_ident(ns.nspname) || '.' || quote_ident(
             (parse_ident(shard_name(s.logicalrelid, s.shardid)))[
               cardinality(parse_ident(shard_name(s.logicalrelid, s.shardid)))]) AS name
      FROM pg_dist_shard s
      JOIN pg_dist_placement pl USING (shardid)
      JOIN pg_dist_partition t USING (logicalrelid)
      JOIN pg_class c ON c.oid = s.logicalrelid
      JOIN pg_namespace ns ON ns.oid = c.relnamespace
     WHERE t.partmethod = 'h' AND pl.shardstate = 1 AND c.relkind <> 'p') p
    ON p.groupid = n.groupid
