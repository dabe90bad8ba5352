-- SPDX-License-Identifier: Apache-2.0
-- Whether deadlocks over nodes can be counted here (`homeostat grants --deadlocks`), by the function
-- that a superuser has made: nobody else's is called. Its schema is looked up by name, for the role
-- may not be let in.
SELECT EXISTS (
  SELECT FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE n.nspname = 'homeostat_log' AND p.proname = 'citus_deadlocks'
     AND p.proargtypes = '25 20'::oidvector  -- text, bigint
     AND p.prosecdef AND pg_get_userbyid(p.proowner) = 'homeostat_log_reader'
     AND has_schema_privilege(n.oid, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE'))
