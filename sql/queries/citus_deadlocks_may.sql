-- SPDX-License-Identifier: Apache-2.0
-- Whether deadlocks over nodes can be counted here (`homeostat grants --deadlocks`). Its schema is
-- looked up by name, for the role may not be let in.
SELECT EXISTS (
  SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = 'homeostat_log' AND p.proname = 'citus_deadlocks'
     AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))
