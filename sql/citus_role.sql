-- SPDX-License-Identifier: Apache-2.0
-- What the lever `rebalance` needs on the coordinator of a Citus cluster. Read this, then run it as a
-- superuser, connected to the database that holds the ledger, after `homeostat migrate`. All of it
-- stands, or nothing. Running it again changes nothing that stands.
--
-- A strategy of rebalancing, `homeostat`, which only a superuser can add: each shard is allowed only
-- where Homeostat's plan puts it, and one that the plan does not name, anywhere; nothing else makes
-- Citus move one. And three functions that belong to the owner of the distributed tables, who alone
-- may move shards: one starts that rebalance, one stops it, one splits a shard. homeostat_owner
-- alone may call them.

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
    EXECUTE format('GRANT USAGE ON SCHEMA homeostat_citus TO %I', owner_role);
    CREATE OR REPLACE FUNCTION homeostat_citus.start() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $start$
      SELECT pg_catalog.citus_rebalance_start(rebalance_strategy => 'homeostat')
    $start$;
    CREATE OR REPLACE FUNCTION homeostat_citus.stop() RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $stop$
      SELECT pg_catalog.citus_rebalance_stop()
    $stop$;
    CREATE OR REPLACE FUNCTION homeostat_citus.split(
      shard bigint, point integer, left_node integer, right_node integer) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $split$
      SELECT pg_catalog.citus_split_shard_by_split_points(
        shard, ARRAY[point::text], ARRAY[left_node, right_node], 'force_logical')
    $split$;
    EXECUTE format('ALTER FUNCTION homeostat_citus.start() OWNER TO %I', owner_role);
    EXECUTE format('ALTER FUNCTION homeostat_citus.split(bigint, integer, integer, integer) OWNER TO %I',
                   owner_role);
    EXECUTE format('ALTER FUNCTION homeostat_citus.stop() OWNER TO %I', owner_role);
  END LOOP;
END
$owner$;

REVOKE ALL ON FUNCTION homeostat_citus.start(), homeostat_citus.stop(),
  homeostat_citus.split(bigint, integer, integer, integer),
  homeostat_citus.planned(bigint, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION homeostat_citus.start(), homeostat_citus.stop(),
  homeostat_citus.split(bigint, integer, integer, integer) TO homeostat_owner;
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
