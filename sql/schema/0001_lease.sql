-- SPDX-License-Identifier: Apache-2.0
-- Who leads: the version of this schema, the server's identity, the lease and its fence.

CREATE TABLE homeostat.schema_version (
  number     integer     PRIMARY KEY,
  name       text        NOT NULL,
  checksum   text        NOT NULL,  -- SHA-256 of the migration's text
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  applied_by text        NOT NULL DEFAULT session_user
);

-- The database this is, wherever its rows travel: a restored dump or a logical subscriber carries
-- our rows, but is another identity. (A physical clone shares it.)
CREATE FUNCTION homeostat.identity() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT system_identifier::text || '/' || current_database() FROM pg_control_system()
$$;

-- What the owner needs to see other sessions, after GRANT. From PostgreSQL 16 on a membership may
-- inherit nothing, which a plain GRANT leaves as it is.
CREATE FUNCTION homeostat.statistics_grant() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT format('pg_read_all_stats TO %I', current_user)
         || CASE WHEN current_setting('server_version_num')::integer >= 160000
                 THEN ' WITH INHERIT TRUE' ELSE '' END
$$;

-- When the calling session started. With the pid it names a session for good: pids are reused.
CREATE FUNCTION homeostat.session_start() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT backend_start FROM pg_stat_get_activity(pg_backend_pid())
$$;

-- The leader's advisory lock: the first 8 bytes of SHA-256 of 'homeostat'.
CREATE FUNCTION homeostat.lease_key() RETURNS bigint
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT ('x' || left(encode(sha256('homeostat'::bytea), 'hex'), 16))::bit(64)::bigint
$$;

CREATE TABLE homeostat.lease (
  only_row      boolean       PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch         bigint        NOT NULL DEFAULT 0,  -- of the newest leader; never decreases
  holder        text,                              -- the instance: host and pid, for people
  role          name,
  pid           integer,                           -- of the leader's session; null: released
  backend_start timestamptz,
  identity      text,
  renewed_at    timestamptz,
  ttl           interval,
  takeovers     timestamptz[] NOT NULL DEFAULT '{}' -- of leases not released, in the last hour
);
INSERT INTO homeostat.lease DEFAULT VALUES;

CREATE FUNCTION homeostat.keep_epoch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.epoch >= OLD.epoch THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'homeostat: the epoch never decreases' USING ERRCODE = 'HS003';
END
$$;
CREATE TRIGGER keep_epoch BEFORE UPDATE OR DELETE ON homeostat.lease
  FOR EACH ROW EXECUTE FUNCTION homeostat.keep_epoch();

-- Takes or renews the lease for the calling session. The session keeps the advisory lock until it
-- ends: whoever has that lock may raise the epoch, and nobody else. When another session has it,
-- `lock_*` name that session, and `may_end` says that its lease ran out and that it is one of the
-- caller's own role: the caller may end it and ask again. `foreign_lock`: it is somebody else's.
CREATE FUNCTION homeostat.hold_lease(
  p_holder text, p_ttl_us bigint,
  OUT ours boolean, OUT epoch bigint, OUT holder text, OUT takeovers integer,
  OUT lock_pid integer, OUT lock_role text, OUT lock_started text,
  OUT may_end boolean, OUT foreign_lock boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_key     CONSTANT bigint := homeostat.lease_key();
  v_ttl     CONSTANT interval := make_interval(secs => p_ttl_us / 1e6);
  v_lease   homeostat.lease;
  v_lock    record;
  v_known   boolean;
  v_expired boolean;
  v_start   timestamptz;
BEGIN
  IF pg_is_in_recovery() THEN
    RAISE EXCEPTION 'homeostat: this server is a standby, the ledger lives on the primary'
      USING ERRCODE = 'read_only_sql_transaction';
  END IF;
  v_start := homeostat.session_start();
  IF v_start IS NULL THEN
    RAISE EXCEPTION 'homeostat: GRANT %', homeostat.statistics_grant()
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  may_end := false;
  foreign_lock := false;

  SELECT * INTO STRICT v_lease FROM homeostat.lease;
  IF v_lease.pid = pg_backend_pid() AND v_lease.backend_start = v_start THEN
    UPDATE homeostat.lease AS l
       SET holder = p_holder, renewed_at = clock_timestamp(), ttl = v_ttl
     RETURNING true, l.epoch, l.holder INTO ours, epoch, holder;
  ELSIF pg_try_advisory_lock(v_key) THEN
    BEGIN
      UPDATE homeostat.lease AS l
         SET epoch = l.epoch + 1, holder = p_holder, role = session_user,
             pid = pg_backend_pid(), backend_start = v_start, identity = homeostat.identity(),
             renewed_at = clock_timestamp(), ttl = v_ttl,
             takeovers = ARRAY(
               SELECT t FROM unnest(
                 CASE WHEN l.pid IS NOT NULL AND l.holder IS DISTINCT FROM p_holder
                      THEN l.takeovers || clock_timestamp() ELSE l.takeovers END) AS t
                WHERE t > clock_timestamp() - interval '1 hour')
       RETURNING true, l.epoch, l.holder INTO ours, epoch, holder;
    EXCEPTION WHEN query_canceled OR OTHERS THEN
      -- A session-level lock outlives its transaction: without the row it must not stay.
      PERFORM pg_advisory_unlock(v_key);
      RAISE;
    END;
  ELSE
    ours := false;
    epoch := v_lease.epoch;
    holder := v_lease.holder;
    v_expired := coalesce(v_lease.renewed_at + v_lease.ttl < clock_timestamp(), true);
    SELECT k.pid, s.usesysid, pg_get_userbyid(s.usesysid) AS rolname, s.backend_start,
           s.usesysid = (SELECT r.oid FROM pg_roles r WHERE r.rolname = session_user) AS own_role,
           s.state = 'idle' AND s.state_change < clock_timestamp() - v_ttl AS left_lying
      INTO v_lock
      FROM pg_locks k, LATERAL pg_stat_get_activity(k.pid) s
     WHERE k.locktype = 'advisory' AND k.granted AND k.objsubid = 1
       AND k.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
       AND k.classid = ((v_key >> 32) & 4294967295)::oid
       AND k.objid = (v_key & 4294967295)::oid
     LIMIT 1;
    IF FOUND THEN
      lock_pid := v_lock.pid;
      lock_role := v_lock.rolname;
      lock_started := v_lock.backend_start::text;
      v_known := coalesce(
        v_lease.pid = v_lock.pid AND v_lease.backend_start = v_lock.backend_start, false);
      -- A session of our role with the lock but without the lease is just taking it, or was left
      -- lying between the two; a client that was cut off there sends nothing any more.
      may_end := coalesce(
        v_expired AND v_lock.own_role AND (v_known OR v_lock.left_lying), false);
      foreign_lock := NOT v_lock.own_role AND (v_expired OR NOT v_known);
    END IF;
  END IF;
  SELECT count(*) INTO takeovers
    FROM homeostat.lease l, unnest(l.takeovers) AS t
   WHERE t > clock_timestamp() - interval '1 hour';
END
$$;

-- Gives the lease up at once. False: it was not the caller's.
CREATE FUNCTION homeostat.release_lease(p_epoch bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_mine boolean;
BEGIN
  UPDATE homeostat.lease AS l
     SET pid = NULL, backend_start = NULL, renewed_at = NULL
   WHERE l.epoch = p_epoch AND l.pid = pg_backend_pid()
     AND l.backend_start = homeostat.session_start();
  v_mine := FOUND;
  IF v_mine THEN
    PERFORM pg_advisory_unlock(homeostat.lease_key());
  END IF;
  RETURN v_mine;
END
$$;

-- Every write to a lever begins here, in its own transaction. Locks the lease against a successor
-- until that transaction ends; HS001 when the epoch is not the newest, when the calling session is
-- not the one that holds it, or when the lease ran out.
CREATE FUNCTION homeostat.fence(p_epoch bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_lease homeostat.lease;
BEGIN
  SELECT * INTO STRICT v_lease FROM homeostat.lease FOR SHARE;
  IF v_lease.epoch <> p_epoch THEN
    RAISE EXCEPTION 'homeostat: epoch % is superseded by epoch %', p_epoch, v_lease.epoch
      USING ERRCODE = 'HS001';
  END IF;
  IF v_lease.pid IS DISTINCT FROM pg_backend_pid()
     OR v_lease.backend_start IS DISTINCT FROM homeostat.session_start() THEN
    RAISE EXCEPTION 'homeostat: this session does not hold the lease of epoch %', p_epoch
      USING ERRCODE = 'HS001';
  END IF;
  IF v_lease.renewed_at + v_lease.ttl < clock_timestamp() THEN
    RAISE EXCEPTION 'homeostat: the lease of epoch % ran out', p_epoch USING ERRCODE = 'HS001';
  END IF;
END
$$;

GRANT USAGE ON SCHEMA homeostat TO PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA homeostat FROM PUBLIC;
GRANT SELECT ON homeostat.schema_version, homeostat.lease
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.identity() TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.hold_lease(text, bigint) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.release_lease(bigint) TO homeostat_actuator;
