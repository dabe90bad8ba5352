-- SPDX-License-Identifier: Apache-2.0
-- Once a session: who answers, and may we see enough. $1: names of our own roles, a JSON array.
-- The identity is homeostat.identity() of sql/schema with the start of the server process: a
-- physical clone differs in nothing else (H53). The same form as in schema_state.sql.
SELECT s.system_identifier::text || '/' || current_database()::text || '@'
         || extract(epoch FROM pg_postmaster_start_time()) AS identity,
       c.timeline_id,
       (SELECT d.oid FROM pg_database d WHERE d.datname = current_database()) AS database,
       coalesce((SELECT array_agg(r.oid) FROM pg_roles r
                  WHERE r.rolname IN (SELECT jsonb_array_elements_text($1::jsonb))),
                '{}')::text AS own_roles,
       quote_ident(current_user) AS monitor,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS may_see,
       -- What gives that. A member may inherit nothing: from 16 on by the membership, which a plain
       -- GRANT leaves as it is; before, by its own attribute.
       format('GRANT pg_read_all_stats TO %I', current_user)
         || CASE WHEN current_setting('server_version_num')::int >= 160000
                 THEN ' WITH INHERIT TRUE'
                 WHEN NOT (SELECT r.rolinherit FROM pg_roles r WHERE r.rolname = current_user)
                 THEN format('; ALTER ROLE %I INHERIT', current_user)
                 ELSE '' END AS grant_to_see,
       current_setting('track_activities')::bool AS tracked
  FROM pg_control_system() s, pg_control_checkpoint() c
