-- SPDX-License-Identifier: Apache-2.0
-- On each node, rarely: bytes of whatever is named like a shard. Locks each one (ACCESS SHARE).
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
       coalesce(pg_total_relation_size(c.oid), 0) AS bytes
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND c.relname ~ '_[0-9]+$'
