-- SPDX-License-Identifier: Apache-2.0
-- What a session can say about the server that it has reached and about its own role, as one JSON
-- object. Without parameters, for the simple protocol: it works through any pooler. The started
-- moment tells a physical clone from its original (H53).
SELECT row_to_json(f) FROM (
  SELECT c.system_identifier::text AS system_identifier,
         current_database()::text AS database,
         current_setting('cluster_name') AS cluster_name,
         coalesce(host(inet_server_addr()) || ':' || inet_server_port(), 'a Unix socket') AS address,
         extract(epoch FROM pg_postmaster_start_time())::text AS started,
         extract(epoch FROM clock_timestamp())::float8 AS now,
         current_setting('server_version_num')::int AS version_num,
         current_setting('server_version') AS version,
         pg_is_in_recovery() AS in_recovery,
         pg_backend_pid() AS backend_pid,
         quote_ident(r.rolname) AS role,
         array_remove(ARRAY[
           CASE WHEN EXISTS (SELECT FROM pg_roles s
                              WHERE s.rolsuper AND pg_has_role(r.oid, s.oid, 'MEMBER'))
                THEN 'superuser' END,
           CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END,
           CASE WHEN r.rolreplication THEN 'REPLICATION' END,
           CASE WHEN NOT r.rolsuper AND pg_has_role(r.oid, 'pg_write_server_files', 'MEMBER')
                THEN 'pg_write_server_files' END,
           CASE WHEN NOT r.rolsuper AND pg_has_role(r.oid, 'pg_execute_server_program', 'MEMBER')
                THEN 'pg_execute_server_program' END], NULL) AS powers,
         pg_has_role(r.oid, 'pg_read_all_stats', 'USAGE') AS reads_statistics,
         -- A member may inherit nothing: by its own attribute, or from 16 on by the membership,
         -- which a plain GRANT leaves as it is.
         pg_has_role(r.oid, 'pg_read_all_stats', 'MEMBER') AS statistics_member,
         r.rolinherit AS inherits,
         coalesce((SELECT pg_has_role(r.oid, p.oid, 'USAGE') FROM pg_roles p
                    WHERE p.rolname = 'pg_use_reserved_connections'), false) AS uses_reserved,
         current_setting('track_activities')::bool AS track_activities,
         current_setting('track_counts')::bool AS track_counts,
         coalesce((SELECT s.setting::int FROM pg_settings s
                    WHERE s.name = 'client_connection_check_interval'), 0) AS client_check_ms,
         current_setting('synchronous_commit') AS synchronous_commit,
         current_setting('synchronous_standby_names') AS synchronous_standby_names,
         current_setting('max_connections')::int AS max_connections,
         current_setting('superuser_reserved_connections')::int AS superuser_reserved,
         coalesce(current_setting('reserved_connections', true), '0')::int AS reserved,
         -- Without pg_read_all_stats the type of others' sessions is hidden, their database is not.
         (SELECT count(*) FROM pg_stat_get_activity(NULL) a
           WHERE coalesce(a.backend_type = 'client backend', a.datid IS NOT NULL)) AS connections
    FROM pg_control_system() c, pg_roles r
   WHERE r.rolname = current_user) f
