-- SPDX-License-Identifier: Apache-2.0
-- The database's own guard every 30 seconds, by pg_cron: also with 1.4, which knows whole minutes
-- only: there it is two jobs, one of which begins by waiting (and holds vacuum back for as long, as
-- any transaction of half a minute does). Read this, then run it once with psql, as a
-- superuser, connected to the database that holds the ledger. Running it again changes nothing.
--
-- Needs the package postgresql-15-cron (15: your version) and, in postgresql.conf, before a restart:
--   shared_preload_libraries = 'pg_cron'
--   cron.database_name = 'postgres'          where pg_cron keeps its jobs; any database
--   cron.use_background_workers = on         otherwise homeostat_guard needs a way in through
--                                            pg_hba.conf, and its password in ~postgres/.pgpass
--
-- To see what it did:  SELECT * FROM homeostat.guard_state;
-- To let it shed, too: UPDATE homeostat.guard_setting SET open_first_rung = true;
-- To take it away, in the database of pg_cron:
--   SELECT cron.unschedule(jobid) FROM cron.job
--    WHERE username = 'homeostat_guard' AND database = 'the one of the ledger';

\set ON_ERROR_STOP on

-- Looked at first, so that nothing is left behind where it cannot run.
DO $guard$
BEGIN
  IF current_setting('cron.database_name', true) IS NULL THEN
    RAISE EXCEPTION 'pg_cron is not loaded: nothing was changed'
      USING HINT = 'Install postgresql-NN-cron of your version, add pg_cron to '
                   'shared_preload_libraries, and restart PostgreSQL.';
  ELSIF to_regprocedure('homeostat.guard()') IS NULL THEN
    RAISE EXCEPTION 'there is no homeostat.guard() in database %: nothing was changed',
      current_database() USING HINT = 'Connect to the ledger''s database, and run: homeostat migrate';
  END IF;
END
$guard$;

BEGIN;
DO $guard$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_guard') THEN
    CREATE ROLE homeostat_guard LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO homeostat_guard', current_database());
END
$guard$;
-- It may call one function, and read nothing.
GRANT EXECUTE ON FUNCTION homeostat.guard() TO homeostat_guard;
ALTER ROLE homeostat_guard CONNECTION LIMIT 2;
-- The waiting is in it. A synchronous standby that is gone does not hold it up.
ALTER ROLE homeostat_guard SET statement_timeout = '45s';
ALTER ROLE homeostat_guard SET synchronous_commit = 'local';
-- What is said while it waits and looks counts: a lease, a pause.
ALTER ROLE homeostat_guard SET default_transaction_isolation = 'read committed';
COMMIT;

SELECT current_database() AS ledger, current_setting('cron.database_name') AS cron \gset
\connect :"cron"
CREATE EXTENSION IF NOT EXISTS pg_cron;
SELECT string_to_array(substring(extversion FROM '^[0-9]+[.][0-9]+'), '.')::integer[] >= '{1,5}'
         AS knows_seconds
  FROM pg_catalog.pg_extension WHERE extname = 'pg_cron' \gset
\if :knows_seconds
  SELECT cron.schedule_in_database('homeostat guard of ' || :'ledger', '30 seconds',
           'SELECT homeostat.guard()', :'ledger', 'homeostat_guard');
\else
  SELECT cron.schedule_in_database('homeostat guard of ' || :'ledger' || ', full minute',
           '* * * * *', 'SELECT homeostat.guard()', :'ledger', 'homeostat_guard');
  SELECT cron.schedule_in_database('homeostat guard of ' || :'ledger' || ', half minute',
           '* * * * *', 'SELECT pg_sleep(30); SELECT homeostat.guard()', :'ledger',
           'homeostat_guard');
\endif
