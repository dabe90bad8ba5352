-- SPDX-License-Identifier: Apache-2.0
-- Objects must belong to the owner role, whoever migrates: functions run with its rights.
SELECT session_user, rolsuper, to_regclass('homeostat.schema_version') IS NOT NULL,
       to_regnamespace('homeostat') IS NOT NULL, to_regrole('homeostat_owner') IS NOT NULL
  FROM pg_roles WHERE rolname = session_user
