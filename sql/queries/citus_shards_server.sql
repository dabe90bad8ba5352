-- SPDX-License-Identifier: Apache-2.0
-- Once a session: is this a primary with Citus, and may we see enough. No name can be shadowed from
-- here on.
SELECT set_config('search_path', 'pg_catalog', false),
       quote_ident(current_user) AS monitor,
       pg_has_role(current_user, 'pg_monitor', 'USAGE') AS may_see,
       format('GRANT pg_monitor TO %I', current_user)
         || CASE WHEN current_setting('server_version_num')::int >= 160000
                 THEN ' WITH INHERIT TRUE'
                 WHEN NOT (SELECT r.rolinherit FROM pg_roles r WHERE r.rolname = current_user)
                 THEN format('; ALTER ROLE %I INHERIT', current_user)
                 ELSE '' END AS grant_to_see,
       pg_is_in_recovery() AS standby,
       (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'citus') AS version
