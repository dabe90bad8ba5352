-- SPDX-License-Identifier: Apache-2.0
-- What the lever `end_session` needs of the roles whose sessions it may end. Read this, then run it
-- as a superuser, connected to the database that is to hold the ledger, after the roles of Homeostat
-- itself. All of it stands, or nothing. Running it again changes nothing that stands.
--
-- Each role gets two functions of its name, owned by the role itself: one finds its sessions that
-- sit idle in a transaction and keep others waiting for a row or a table, the other ends one of
-- these. A role may see and end its own sessions, so Homeostat itself needs neither
-- pg_signal_backend nor any right over anybody. homeostat_owner alone may call them.

BEGIN;

-- On a Citus coordinator: here only, not on the workers. Elsewhere it is a setting that nobody reads.
SET LOCAL citus.enable_ddl_propagation TO off;

CREATE SCHEMA IF NOT EXISTS homeostat_roles;
REVOKE ALL ON SCHEMA homeostat_roles FROM PUBLIC;
GRANT USAGE ON SCHEMA homeostat_roles TO homeostat_owner;

DO $session$
DECLARE
  managed  text;
  its      record;
  wrapper  text;
  -- The sessions of whoever it runs as. An advisory lock keeps nobody from a row or a table: who
  -- waits for one does not count, as in pg_blocked_ratio.
  blockers CONSTANT text := $look$
    SELECT a.pid, a.backend_start, a.xact_start, clock_timestamp() - a.state_change AS idle
      FROM pg_stat_activity a
     WHERE a.usename = current_user AND a.datname = current_database()
       AND a.backend_type = 'client backend' AND a.pid <> pg_backend_pid()
       AND a.state IN ('idle in transaction', 'idle in transaction (aborted)')
       AND a.state_change <= clock_timestamp() - idle_for
       AND a.pid = ANY (ARRAY(SELECT unnest(pg_blocking_pids(w.pid)) FROM pg_locks w
                               WHERE NOT w.granted
                                 AND w.locktype IN ('relation', 'tuple', 'transactionid')))
    $look$;
BEGIN
  FOREACH managed IN ARRAY ARRAY[{{roles}}]::text[] LOOP
    SELECT rolsuper, rolreplication INTO its FROM pg_catalog.pg_roles WHERE rolname = managed;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'role % of the inventory does not exist', quote_ident(managed);
    ELSIF its.rolsuper OR its.rolreplication THEN
      RAISE EXCEPTION 'role % is a superuser or may replicate: its sessions are never ended',
        quote_ident(managed);
    END IF;
    -- Within one transaction the sessions would stand still: each look is a fresh one.
    EXECUTE format($wrapper$
      CREATE OR REPLACE FUNCTION homeostat_roles.%I(idle_for interval)
      RETURNS TABLE (pid integer, backend_start timestamptz, xact_start timestamptz, idle interval)
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
        SELECT pg_stat_clear_snapshot();
        %s
      $body$ $wrapper$, managed, blockers);
    -- Looks again: a pid may serve somebody else by now, a pooled session another transaction. It
    -- is ended, not cancelled: who is idle runs no statement that a cancel would end, and keeps
    -- its locks.
    EXECUTE format($wrapper$
      CREATE OR REPLACE FUNCTION homeostat_roles.%I(
        its_pid integer, its_start timestamptz, its_transaction timestamptz, idle_for interval)
      RETURNS boolean
      LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
        SELECT pg_stat_clear_snapshot();
        SELECT coalesce(bool_or(pg_terminate_backend(s.pid)), false) FROM (%s) AS s
         WHERE s.pid = its_pid AND s.backend_start = its_start AND s.xact_start = its_transaction;
      $body$ $wrapper$, managed, blockers);
    FOREACH wrapper IN ARRAY ARRAY['interval', 'integer, timestamptz, timestamptz, interval'] LOOP
      wrapper := format('FUNCTION homeostat_roles.%I(%s)', managed, wrapper);
      EXECUTE format('ALTER %s OWNER TO %I', wrapper, managed);
      EXECUTE format('REVOKE ALL ON %s FROM PUBLIC', wrapper);
      EXECUTE format('GRANT EXECUTE ON %s TO homeostat_owner', wrapper);
    END LOOP;
  END LOOP;
END
$session$;

COMMIT;
