-- SPDX-License-Identifier: Apache-2.0
-- Who we are, and whether that is more than an actuator may be; whether the schema is there.
SELECT current_user,
       r.rolsuper OR r.rolcreaterole
         OR pg_has_role(r.oid, 'pg_write_server_files', 'MEMBER')
         OR pg_has_role(r.oid, 'pg_execute_server_program', 'MEMBER'),
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'homeostat' AND c.relname = 'schema_version')
  FROM pg_roles r WHERE r.rolname = current_user
