-- SPDX-License-Identifier: Apache-2.0
-- What the lever `rebalance` needs on the coordinator of a Citus cluster. Read this, then run it as a
-- superuser, connected to the database that holds the ledger, after `homeostat migrate`. All of it
-- stands, or nothing. Running it again changes nothing that stands.
--
-- A strategy of rebalancing, `homeostat`, which only a superuser can add: each shard is allowed only
-- where Homeostat's plan puts it, and one that the plan does not name, anywhere; nothing else makes
-- Citus move one. And four functions that belong to the owner of the distributed tables, who alone
-- may move shards: one starts that rebalance, one stops it, one splits a shard, one says how large
-- its largest tenant is. homeostat_owner alone may call them.

BEGIN;

-- Here only, not on the workers.
SET LOCAL citus.enable_ddl_propagation TO off;

DO $citus$
BEGIN
  IF to_regclass('pg_catalog.pg_dist_rebalance_strategy') IS NULL THEN
    RAISE EXCEPTION 'Citus is not in database %', quote_ident(current_database());
  ELSIF NOT citus_is_coordinator() THEN
    RAISE EXCEPTION 'this node is not the coordinator of the Citus cluster';
  ELSIF to_regclass('homeostat.shard_plan') IS NULL THEN
    RAISE EXCEPTION 'the schema homeostat is missing, or is an older one'
      USING HINT = 'First run `homeostat migrate`.';
  END IF;
END
$citus$;

CREATE SCHEMA IF NOT EXISTS homeostat_citus;
REVOKE ALL ON SCHEMA homeostat_citus FROM PUBLIC;
GRANT USAGE ON SCHEMA homeostat_citus TO homeostat_owner;

-- All shards cost the same and all nodes hold the same: no imbalance that Citus would mend.
CREATE OR REPLACE FUNCTION homeostat_citus.cost(shard bigint) RETURNS real
LANGUAGE sql IMMUTABLE AS 'SELECT 1::real';
CREATE OR REPLACE FUNCTION homeostat_citus.capacity(node integer) RETURNS real
LANGUAGE sql IMMUTABLE AS 'SELECT 1::real';
CREATE OR REPLACE FUNCTION homeostat_citus.planned(shard bigint, node integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce((SELECT p.to_node = node FROM homeostat.shard_plan p WHERE p.shard_id = shard), true)
$$;
ALTER FUNCTION homeostat_citus.planned(bigint, integer) OWNER TO homeostat_owner;

DO $owner$
DECLARE
  owner_role text;
  its        record;
  owners     record;
BEGIN
  FOREACH owner_role IN ARRAY ARRAY[{{roles}}]::text[] LOOP
    SELECT r.rolsuper, r.rolcanlogin INTO its FROM pg_catalog.pg_roles r WHERE r.rolname = owner_role;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'role % does not exist', quote_ident(owner_role);
    ELSIF its.rolsuper THEN
      RAISE EXCEPTION 'role % is a superuser: it would move shards with every right',
        quote_ident(owner_role);
    ELSIF NOT its.rolcanlogin THEN
      RAISE EXCEPTION 'role % may not log in: every move would fail', quote_ident(owner_role)
        USING HINT = 'Citus copies a shard as the owner of its table, over connections of its own.';
    END IF;
    SELECT string_agg(DISTINCT quote_ident(pg_get_userbyid(c.relowner)), ', ') AS names,
           bool_or(pg_has_role(owner_role, c.relowner, 'MEMBER')) AS theirs INTO owners
      FROM pg_catalog.pg_dist_partition d JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid
     WHERE d.partmethod = 'h' OR d.partmethod = 'n' AND d.repmodel <> 't';
    IF NOT owners.theirs THEN  -- null where there is no such table yet
      RAISE EXCEPTION 'role % owns no distributed table, and could move no shard',
        quote_ident(owner_role)
        USING HINT = 'Their owners: ' || owners.names || '.';
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA homeostat_citus TO %I', owner_role);
    CREATE OR REPLACE FUNCTION homeostat_citus.start() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $start$
      SELECT pg_catalog.citus_rebalance_start(rebalance_strategy => 'homeostat')
    $start$;
    CREATE OR REPLACE FUNCTION homeostat_citus.stop() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $stop$
      SELECT pg_catalog.citus_rebalance_stop()
    $stop$;
    -- That of earlier versions.
    DROP FUNCTION IF EXISTS homeostat_citus.split(bigint, integer, integer, integer);
    -- At `points`, each the last hash of its part; each part to its node (pg_dist_node.nodeid).
    CREATE OR REPLACE FUNCTION homeostat_citus.split(shard bigint, points integer[], nodes integer[])
    RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $split$
      SELECT pg_catalog.citus_split_shard_by_split_points(
        shard, points::text[], nodes, 'force_logical')
    $split$;
    -- The hash of the tenant that has most rows of the shard and those that move with it, and its
    -- share of them, by statistics that are made anew. No row: no tenant stands out. Its name is
    -- turned into the hash where its rows are, and comes no further, not even in an error.
    CREATE OR REPLACE FUNCTION homeostat_citus.largest_tenant(
      shard bigint, OUT hash integer, OUT share real) RETURNS SETOF record
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $tenant$
    DECLARE
      place  record;
      listed text;
      held   text;
      often  text;
      answer record;
      found_ record;
    BEGIN
      SELECT n.nodename::text AS host, n.nodeport AS port INTO STRICT place
        FROM pg_dist_placement l
        JOIN pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary'
       WHERE l.shardid = shard;
      SELECT string_agg(format('%I.%I (%I)', t.space, t.name, t.key), ', '),
             string_agg(format('(%L::pg_catalog.regclass::pg_catalog.oid)', format('%I.%I', t.space, t.name)), ', '),
             string_agg(format(
               'SELECT pg_catalog.worker_hash(u.v%s) AS hash, u.f * c.reltuples AS rows'
               ' FROM pg_catalog.pg_stats s'
               ' JOIN pg_catalog.pg_class c ON c.oid = %L::pg_catalog.regclass::pg_catalog.oid,'
               ' unnest(s.most_common_vals::text::%s[], s.most_common_freqs) AS u(v, f)'
               ' WHERE s.schemaname = %L::name AND s.tablename = %L::name AND s.attname = %L::name'
               ' AND NOT s.inherited',
               t.collation, format('%I.%I', t.space, t.name), t.type, t.space, t.name, t.key),
               ' UNION ALL ')
        INTO listed, held, often
        FROM (SELECT ns.nspname AS space, a.attname AS key,
                     format_type(a.atttypid, a.atttypmod) AS type,
                     coalesce((SELECT format(' COLLATE %I.%I', o.nspname, k.collname)
                                 FROM pg_collation k JOIN pg_namespace o ON o.oid = k.collnamespace
                                WHERE k.oid = a.attcollation AND k.collname <> 'default'), '')
                       AS collation,
                     (parse_ident(shard_name(every.logicalrelid, every.shardid)))[
                       cardinality(parse_ident(shard_name(every.logicalrelid, every.shardid)))]
                       AS name
                FROM pg_dist_shard one
                JOIN pg_dist_partition p ON p.logicalrelid = one.logicalrelid
                JOIN pg_dist_partition beside ON beside.colocationid = p.colocationid
                JOIN pg_dist_shard every ON every.logicalrelid = beside.logicalrelid
                                        AND every.shardminvalue = one.shardminvalue
                JOIN pg_class c ON c.oid = every.logicalrelid AND c.relkind <> 'p'
                JOIN pg_namespace ns ON ns.oid = c.relnamespace
                JOIN pg_attribute a ON a.attrelid = c.oid
                 AND a.attname = column_to_column_name(beside.logicalrelid, beside.partkey)
               WHERE one.shardid = shard) t;
      SELECT * INTO STRICT answer FROM master_run_on_worker(
        ARRAY[place.host], ARRAY[place.port], ARRAY['ANALYZE (SKIP_LOCKED) ' || listed], false);
      IF NOT answer.success THEN
        RAISE EXCEPTION 'homeostat: node %:% has made no statistics of the group of shard %',
          place.host, place.port, shard;
      END IF;
      SELECT * INTO STRICT answer FROM master_run_on_worker(
        ARRAY[place.host], ARRAY[place.port], ARRAY[format(
          'SELECT pg_catalog.json_build_object(''hash'', often.hash, ''rows'', often.rows,'
          ' ''all'', held.rows, ''unknown'', held.unknown)'
          ' FROM (SELECT sum(c.reltuples) AS rows, coalesce(bool_or(c.reltuples < 0), false) AS unknown'
          ' FROM pg_catalog.pg_class c JOIN (VALUES %s) AS t(id) ON c.oid = t.id) AS held'
          ' LEFT JOIN (SELECT e.hash, sum(e.rows) AS rows FROM (%s) AS e'
          ' GROUP BY e.hash ORDER BY 2 DESC, 1 LIMIT 1) AS often ON true', held, often)], false);
      IF NOT answer.success THEN
        RAISE EXCEPTION 'homeostat: node %:% has not told the statistics of the group of shard %',
          place.host, place.port, shard;
      END IF;
      SELECT j.* INTO STRICT found_ FROM json_to_record(answer.result::json)
        AS j(hash integer, rows float8, "all" float8, unknown boolean);
      IF found_.unknown THEN
        RAISE EXCEPTION 'homeostat: a table of the group of shard % is locked, and was never analyzed',
          shard USING HINT = 'ANALYZE it, or wait until it is.';
      ELSIF found_.rows > 0 AND found_."all" > 0 THEN
        hash := found_.hash;
        share := found_.rows / found_."all";
        RETURN NEXT;
      END IF;
    END
    $tenant$;
    EXECUTE format('ALTER FUNCTION homeostat_citus.start() OWNER TO %I', owner_role);
    EXECUTE format('ALTER FUNCTION homeostat_citus.split(bigint, integer[], integer[]) OWNER TO %I',
                   owner_role);
    EXECUTE format('ALTER FUNCTION homeostat_citus.largest_tenant(bigint) OWNER TO %I', owner_role);
    EXECUTE format('ALTER FUNCTION homeostat_citus.stop() OWNER TO %I', owner_role);
  END LOOP;
END
$owner$;

REVOKE ALL ON FUNCTION homeostat_citus.start(), homeostat_citus.stop(),
  homeostat_citus.split(bigint, integer[], integer[]), homeostat_citus.largest_tenant(bigint),
  homeostat_citus.planned(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat_citus.start(), homeostat_citus.stop(),
  homeostat_citus.split(bigint, integer[], integer[]), homeostat_citus.largest_tenant(bigint)
  TO homeostat_owner;
-- A split that is to end is cancelled in the session of the role that acts.
DO $cancel$
BEGIN
  EXECUTE 'GRANT homeostat_actuator TO homeostat_owner'
    || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT TRUE'
            ELSE '' END;
END
$cancel$;
-- Citus asks the strategy as whoever starts the rebalance.
GRANT EXECUTE ON FUNCTION homeostat_citus.planned(bigint, integer) TO PUBLIC;

SELECT pg_catalog.citus_add_rebalance_strategy(
         'homeostat', 'homeostat_citus.cost', 'homeostat_citus.capacity', 'homeostat_citus.planned',
         1000, 0, 0)
 WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_dist_rebalance_strategy s WHERE s.name = 'homeostat');

COMMIT;
