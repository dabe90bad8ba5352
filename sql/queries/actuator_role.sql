-- SPDX-License-Identifier: Apache-2.0
-- Who we are, and whether that is more than an actuator may be; whether the schema is there.
SELECT current_user,
       r.rolsuper OR r.rolcreaterole
         OR pg_has_role(r.oid, 'pg_write_server_files', 'MEMBER')
         OR pg_has_role(r.oid, 'pg_execute_server_program', 'MEMBER'),
       to_regclass('homeostat.schema_version') IS NOT NULL
  FROM pg_roles r WHERE r.rolname = current_user
