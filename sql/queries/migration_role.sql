-- SPDX-License-Identifier: Apache-2.0
-- Objects must belong to the owner role, whoever migrates: functions run with its rights.
SELECT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = 'homeostat' AND c.relname = 'schema_version'),
       to_regnamespace('homeostat') IS NOT NULL, to_regrole('homeostat_owner') IS NOT NULL
