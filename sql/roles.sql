-- SPDX-License-Identifier: Apache-2.0
-- The roles of Homeostat. Read this, then run it once, as a superuser, connected to the
-- database that is to hold the ledger. Running it again gives the privileges, limits and settings
-- below anew, over what you may have changed them to, and leaves everything else as it stands:
-- passwords, attributes, other settings.
--
--   homeostat_owner     owns the schema `homeostat`; only `homeostat migrate` logs in as it
--   homeostat_monitor   samples; cannot write
--   homeostat_actuator  leads and sets levers, through functions of the schema and nothing else
--   homeostat_operator  may pause and resume; nobody logs in as it: GRANT homeostat_operator TO you
--
-- None is a superuser, none may create roles or databases. Passwords are yours to set, for example
-- with \password in psql, and pg_hba.conf decides from where they may connect.

DO $roles$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['homeostat_owner', 'homeostat_monitor', 'homeostat_actuator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION',
                     wanted);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), wanted);
  END LOOP;
END
$roles$;

DO $operator$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_operator') THEN
    CREATE ROLE homeostat_operator NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION
      CONNECTION LIMIT 0;
  END IF;
END
$operator$;

-- Few connections each: a supervisor gone wrong cannot use up the server's.
ALTER ROLE homeostat_owner CONNECTION LIMIT 2;
ALTER ROLE homeostat_monitor CONNECTION LIMIT 6;
ALTER ROLE homeostat_actuator CONNECTION LIMIT 6;

-- What the monitor measures: other sessions' activity, and settings.
GRANT pg_monitor TO homeostat_monitor;
GRANT pg_read_all_stats TO homeostat_monitor;
ALTER ROLE homeostat_monitor SET default_transaction_read_only = on;

-- The functions of the schema run as their owner. They name the session that leads by its pid and
-- start, which only a reader of statistics sees.
GRANT pg_read_all_stats TO homeostat_owner;

-- No wait of a control session outlives its deadline, not even one for a synchronous standby that
-- is gone. (The sessions set the same themselves; this holds for the ones people open, too.)
ALTER ROLE homeostat_monitor SET lock_timeout = '500ms';
ALTER ROLE homeostat_monitor SET statement_timeout = '5s';
ALTER ROLE homeostat_monitor SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE homeostat_actuator SET lock_timeout = '500ms';
ALTER ROLE homeostat_actuator SET statement_timeout = '5s';
ALTER ROLE homeostat_actuator SET idle_in_transaction_session_timeout = '5s';
ALTER ROLE homeostat_actuator SET synchronous_commit = 'local';

-- From PostgreSQL 16 on, and with `reserved_connections` above 0, both still get in when the
-- server's connections are used up.
DO $reserved$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_use_reserved_connections') THEN
    GRANT pg_use_reserved_connections TO homeostat_monitor, homeostat_actuator;
  END IF;
END
$reserved$;

CREATE SCHEMA IF NOT EXISTS homeostat AUTHORIZATION homeostat_owner;
