-- SPDX-License-Identifier: Apache-2.0
-- The role that watches: homeostat_monitor. It samples, and cannot write. Alone it is enough for
-- mode shadow, which needs no schema, no ledger and no right to write.
--
-- Read this, then run it as a superuser, connected to the database that is to be watched, on every
-- server that is watched (a standby has it from its primary, a worker of Citus from its
-- coordinator). All of it stands, or nothing.
-- Running it again gives the privileges, limits and settings below anew, over what you may have
-- changed them to, and leaves everything else: passwords, other settings.
--
-- Then give the role a password, for example with \password homeostat_monitor in psql, and let it
-- in from where Homeostat runs (pg_hba.conf).

BEGIN;

DO $role$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'homeostat_monitor') THEN
    CREATE ROLE homeostat_monitor;
  END IF;
  EXECUTE format('GRANT CONNECT ON DATABASE %I TO homeostat_monitor', current_database());
END
$role$;

-- Few connections: a supervisor gone wrong cannot use up the server's. One or two each of up to four
-- instances, and doctor.
ALTER ROLE homeostat_monitor
  LOGIN INHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 10;

-- What it measures: other sessions' activity, and settings. (pg_monitor includes
-- pg_read_all_stats, without which PostgreSQL answers 0, not an error.) From PostgreSQL 16 on a
-- membership may inherit nothing, which a plain GRANT leaves as it is.
DO $statistics$
BEGIN
  EXECUTE 'GRANT pg_monitor TO homeostat_monitor'
    || CASE WHEN current_setting('server_version_num')::int >= 160000 THEN ' WITH INHERIT TRUE'
            ELSE '' END;
END
$statistics$;

-- It never writes, and no wait of it outlives its deadline. (Homeostat's own sessions set the same;
-- this holds for the ones that people open, too.)
ALTER ROLE homeostat_monitor SET default_transaction_read_only = on;
ALTER ROLE homeostat_monitor SET lock_timeout = '500ms';
ALTER ROLE homeostat_monitor SET statement_timeout = '5s';
ALTER ROLE homeostat_monitor SET idle_in_transaction_session_timeout = '5s';

-- From PostgreSQL 16 on, and with `reserved_connections` above 0, it still gets in when the
-- server's connections are used up.
DO $reserved$
BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'pg_use_reserved_connections') THEN
    EXECUTE 'GRANT pg_use_reserved_connections TO homeostat_monitor WITH INHERIT TRUE';
  END IF;
END
$reserved$;

COMMIT;
