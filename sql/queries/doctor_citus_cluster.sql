-- SPDX-License-Identifier: Apache-2.0
-- What the coordinator's own catalogs say of the cluster, as one JSON object; nobody else is asked.
-- `owner` is whom homeostat_citus.start() belongs to: null where `grants --citus` was not run.
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
         ARRAY(SELECT p.logicalrelid::text
                 FROM pg_catalog.pg_dist_partition p
                 JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
                WHERE p.partmethod = 'h' AND c.relkind = 'r'
                  AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (
                    SELECT FROM pg_catalog.pg_index i
                     WHERE i.indrelid = c.oid AND i.indisprimary))
                ORDER BY 1 LIMIT 5) AS without_identity,
         (SELECT r.rolname FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
           WHERE p.oid = to_regprocedure('homeostat_citus.start()')) AS owner,
         (SELECT r.rolcanlogin FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
           WHERE p.oid = to_regprocedure('homeostat_citus.start()')) AS owner_logs_in,
         (SELECT r.rolsuper FROM pg_catalog.pg_proc p
            JOIN pg_catalog.pg_roles r ON r.oid = p.proowner
           WHERE p.oid = to_regprocedure('homeostat_citus.start()')) AS owner_is_superuser,
         ARRAY(SELECT pg_catalog.format('%s of %s', c.oid::regclass,
                                        pg_catalog.quote_ident(pg_get_userbyid(c.relowner)))
                 FROM pg_catalog.pg_dist_partition d
                 JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid
                 JOIN pg_catalog.pg_proc p ON p.oid = to_regprocedure('homeostat_citus.start()')
                WHERE d.partmethod = 'h' AND NOT pg_has_role(p.proowner, c.relowner, 'MEMBER')
                ORDER BY 1 LIMIT 5) AS others_tables,
         ARRAY(SELECT w.name FROM (VALUES ('start'), ('stop')) w(name)
                WHERE NOT EXISTS (
                  SELECT FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_roles r
                      ON r.rolname = 'homeostat_owner'
                   WHERE p.oid = to_regprocedure('homeostat_citus.' || w.name || '()')
                     AND p.prosecdef AND has_function_privilege(r.oid, p.oid, 'EXECUTE')
                     AND has_schema_privilege(r.oid, p.pronamespace, 'USAGE'))) AS wrappers_missing,
         EXISTS (SELECT FROM pg_catalog.pg_dist_rebalance_strategy s
                  WHERE s.name = 'homeostat') AS has_strategy) f
