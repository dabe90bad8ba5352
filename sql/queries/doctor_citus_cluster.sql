-- SPDX-License-Identifier: Apache-2.0
-- What the coordinator's own catalogs say of the cluster, as one JSON object; nobody else is asked.
-- `owner` is whom homeostat_citus.start() belongs to: null where `grants --citus` was not run. Its
-- schema is looked up by name, for the monitor may not use it. `disk_kept`: the per cent of a node's
-- disk that Citus wants free after a move, a setting of the coordinator, which makes the moves.
WITH wrapper AS (
  SELECT p.oid, p.proname, p.proowner, p.prosecdef, p.pronamespace
    FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = 'homeostat_citus'
     AND (p.proname IN ('start', 'stop') AND p.pronargs = 0
          OR p.proname = 'split' AND p.pronargs = 3 OR p.proname = 'largest_tenant')),
owner AS (
  SELECT r.oid, r.rolname, r.rolcanlogin, r.rolsuper
    FROM wrapper w JOIN pg_catalog.pg_roles r ON r.oid = w.proowner WHERE w.proname = 'start')
SELECT row_to_json(f) FROM (
  SELECT ARRAY(SELECT json_build_object('groupid', n.groupid,
                                        'place', n.nodename || ':' || n.nodeport,
                                        'ready', n.isactive AND n.hasmetadata,
                                        'shards', n.shouldhaveshards)
                 FROM pg_catalog.pg_dist_node n WHERE n.noderole = 'primary'
                ORDER BY n.groupid) AS nodes,
         EXISTS (SELECT FROM pg_catalog.pg_dist_background_job j
                  WHERE j.state IN ('scheduled', 'running', 'cancelling', 'failing')) AS moving,
         (SELECT count(*) FROM pg_catalog.pg_dist_cleanup) AS leftovers,
         ARRAY(SELECT c.oid::regclass::text
                 FROM pg_catalog.pg_dist_partition p
                 JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
                WHERE p.partmethod = 'h' AND c.relkind = 'r'
                  AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_index i
                     WHERE i.indrelid = c.oid AND i.indisprimary))
                ORDER BY 1 LIMIT 5) AS without_identity,
         (SELECT o.rolname FROM owner o) AS owner,
         (SELECT o.rolcanlogin FROM owner o) AS owner_logs_in,
         (SELECT o.rolsuper FROM owner o) AS owner_is_superuser,
         ARRAY(SELECT pg_catalog.format('%s of %I', c.oid::regclass, pg_get_userbyid(c.relowner))
                 FROM pg_catalog.pg_dist_partition d
                 JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid
                CROSS JOIN owner o
                WHERE d.partmethod = 'h' AND NOT pg_has_role(o.oid, c.relowner, 'MEMBER')
                ORDER BY 1 LIMIT 5) AS others_tables,
         ARRAY(SELECT v.name FROM (VALUES ('start'), ('stop'), ('split'), ('largest_tenant')) v(name)
                WHERE NOT EXISTS (
                  SELECT FROM wrapper w JOIN pg_catalog.pg_roles r
                      ON r.rolname = 'homeostat_owner'
                   WHERE w.proname = v.name AND w.prosecdef
                     AND has_function_privilege(r.oid, w.oid, 'EXECUTE')
                     AND has_schema_privilege(r.oid, w.pronamespace, 'USAGE')))
           AS wrappers_missing,
         EXISTS (SELECT FROM pg_catalog.pg_dist_rebalance_strategy s
                  WHERE s.name = 'homeostat') AS has_strategy,
         CASE WHEN current_setting('citus.check_available_space_before_move', true) = 'off' THEN 0
              ELSE current_setting('citus.desired_percent_disk_available_after_move', true)::float8
               END AS disk_kept) f
