-- SPDX-License-Identifier: Apache-2.0
-- The roles that act, beside homeostat_monitor, which comes first (`homeostat grants --monitor`):
--
--   homeostat_owner     owns the schema `homeostat`; only `homeostat migrate` logs in as it
--   homeostat_actuator  leads and sets levers, through functions of the schema and nothing else
--   homeostat_operator  may pause and resume; nobody logs in as it: GRANT homeostat_operator TO you
--
-- Read this, then run it as a superuser, connected to the database that is to hold the ledger. All
-- of it stands, or nothing. Running it again gives the privileges, limits and settings below anew,
-- over what you may have changed them to, and leaves everything else: passwords, other settings.
--
-- Then give owner and actuator a password, for example with \password in psql, let them in from
-- where Homeostat runs (pg_hba.conf), and run `homeostat migrate`, which makes the tables and grants the functions.

BEGIN;

DO $roles$
DECLARE
  wanted text;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_monitor') THEN
    RAISE EXCEPTION 'role homeostat_monitor does not exist'
      USING HINT = 'First run what `homeostat grants --monitor` prints.';
  END IF;
  FOREACH wanted IN ARRAY ARRAY['homeostat_owner', 'homeostat_actuator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I', wanted);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
  END LOOP;
END
$roles$;

DO $operator$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_operator') THEN
    CREATE ROLE homeostat_operator;
  END IF;
END
$operator$;
ALTER ROLE homeostat_operator
  NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 0;

-- Few connections each: a supervisor gone wrong cannot use up the server's.
ALTER ROLE homeostat_owner
  LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 2;
ALTER ROLE homeostat_actuator
  LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 6;

-- The functions of the schema run as their owner. They name the session that leads by its pid and
-- start, which only a reader of statistics sees. (From PostgreSQL 16 on a membership may inherit
-- nothing, which a plain GRANT leaves as it is.)
DO $statistics$
BEGIN
  EXECUTE 'GRANT pg_read_all_stats TO homeostat_owner'
    || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT TRUE'
            ELSE '' END;
END
$statistics$;

-- No wait of a control session outlives its deadline, not even one for a synchronous standby that
-- is gone. (The sessions set the same themselves; this holds for the ones people open, too.)
ALTER ROLE homeostat_actuator SET lock_timeout = '500ms';
ALTER ROLE homeostat_actuator SET statement_timeout = '5s';
ALTER ROLE homeostat_actuator SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE homeostat_actuator SET synchronous_commit = 'local';

-- From PostgreSQL 16 on, and with `reserved_connections` above 0, it still gets in to give back
-- what it took when the server's connections are used up.
DO $reserved$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_use_reserved_connections') THEN
    EXECUTE 'GRANT pg_use_reserved_connections TO homeostat_actuator WITH INHERIT TRUE';
  END IF;
END
$reserved$;

-- On a Citus coordinator: here only, not on the workers. Elsewhere it is a setting that nobody reads.
SET LOCAL citus.enable_ddl_propagation TO off;
CREATE SCHEMA IF NOT EXISTS homeostat AUTHORIZATION homeostat_owner;

COMMIT;
