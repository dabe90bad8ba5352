-- SPDX-License-Identifier: Apache-2.0
-- The lever `end_session`: while it stands, sessions of named roles that sit idle in a transaction
-- and keep others waiting for a lock are ended, a few an hour. Off until the inventory names roles
-- and each has its wrappers (sql/session_role.sql). A value here is
-- {"roles": "reporting, bulk", "idle_for": 30, "limit": 5}.

-- How far it may go, whatever the inventory says: the stricter of the two holds. Tighten it as you
-- like; it is asked at every look.
CREATE TABLE homeostat.session_limit (
  only_row     boolean  PRIMARY KEY DEFAULT true CHECK (only_row),
  least_idle   interval NOT NULL DEFAULT '5 seconds',
  most_an_hour integer  NOT NULL DEFAULT 20,  -- of all roles together
  told_an_hour integer  NOT NULL DEFAULT 20   -- the same, as the leader's configuration has it
);
INSERT INTO homeostat.session_limit DEFAULT VALUES;

-- The inventory.
CREATE TABLE homeostat.session_target (
  name  text  PRIMARY KEY CHECK (name ~ '^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,62}$'),
  value jsonb NOT NULL CHECK (value ?& '{roles,idle_for,limit}')
);

-- Every session that was picked, written down before anything is done to it. The limits count these
-- rows, over every restart; they are kept for 30 days.
CREATE TABLE homeostat.ended_session (
  id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended         boolean,              -- null: picked, and not known; false: left alone after all
  target        text        NOT NULL,
  role          text        NOT NULL,
  pid           integer     NOT NULL,
  backend_start timestamptz NOT NULL,
  xact_start    timestamptz NOT NULL,
  idle          interval    NOT NULL,
  policy        text        NOT NULL,
  epoch         bigint      NOT NULL,
  sequence      bigint      NOT NULL
);

-- Makes inventory and budget exactly this:
-- {"sessions": {"batch": {"roles": "reporting", "idle_for": 30, "limit": 5}}, "per_hour": 20}.
CREATE FUNCTION homeostat.register_sessions(p_epoch bigint, p_told jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  UPDATE homeostat.session_limit l SET told_an_hour = (p_told ->> 'per_hour')::integer
   WHERE l.told_an_hour <> (p_told ->> 'per_hour')::integer;
  DELETE FROM homeostat.session_target t WHERE NOT p_told -> 'sessions' ? t.name;
  INSERT INTO homeostat.session_target AS t (name, value)
    SELECT n.key, n.value FROM jsonb_each(p_told -> 'sessions') AS n
  ON CONFLICT (name) DO UPDATE SET value = excluded.value WHERE t.value <> excluded.value;
END
$$;

CREATE FUNCTION homeostat.session_roles(p_value jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT string_to_array(p_value ->> 'roles', ', ')
$$;
CREATE FUNCTION homeostat.session_idle_for(p_value jsonb) RETURNS interval
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT greatest(make_interval(secs => (p_value ->> 'idle_for')::double precision), l.least_idle)
    FROM homeostat.session_limit l
$$;

-- What the last hour has seen of a value's roles, and how many more it may see.
CREATE FUNCTION homeostat.session_hour(
  p_value jsonb, OUT used bigint, OUT most integer, OUT room bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT hour.used, (p_value ->> 'limit')::numeric::integer,
         greatest(0, least((p_value ->> 'limit')::numeric::integer - hour.used,
                           least(l.most_an_hour, l.told_an_hour) - hour.everybody))
    FROM homeostat.session_limit l,
         LATERAL (SELECT count(*) FILTER (WHERE e.role = ANY (homeostat.session_roles(p_value)))
                           AS used,
                         count(*) AS everybody
                    FROM homeostat.ended_session e
                   WHERE e.at > clock_timestamp() - interval '1 hour'
                     AND e.ended IS NOT FALSE) AS hour
$$;

-- Why nothing may be done to a role, in words; null: it is an ordinary one.
CREATE FUNCTION homeostat.managed_role_problem(p_role text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_super boolean;
BEGIN
  SELECT r.rolsuper INTO v_super FROM pg_roles r WHERE r.rolname = p_role;
  IF NOT FOUND THEN
    RETURN format('role %s does not exist', left(quote_literal(p_role), 80));
  ELSIF v_super THEN
    RETURN format('role %I is a superuser', p_role);
  ELSIF starts_with(p_role, 'homeostat_') OR p_role = (SELECT l.role FROM homeostat.lease l) THEN
    RETURN format('role %I is one of Homeostat''s own', p_role);
  END IF;
  RETURN NULL;
END
$$;

-- Why a role's wrapper with these arguments cannot be called, in words; null: it can.
CREATE FUNCTION homeostat.wrapper_problem(p_role text, p_arguments text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_wrapper record;
BEGIN
  SELECT pg_get_userbyid(f.proowner) AS owner, f.prosecdef,
         has_function_privilege(f.oid, 'EXECUTE') AS callable
    INTO v_wrapper
    FROM pg_proc f JOIN pg_namespace n ON n.oid = f.pronamespace
   WHERE n.nspname = 'homeostat_roles' AND f.proname = p_role
     AND oidvectortypes(f.proargtypes) = p_arguments
     AND has_schema_privilege(n.oid, 'USAGE');
  IF NOT FOUND THEN
    RETURN format('role %I has no wrapper: see homeostat grants --actuator --config', p_role);
  ELSIF v_wrapper.owner <> p_role OR NOT v_wrapper.prosecdef THEN
    RETURN format('the wrapper of role %I belongs to role %I: see homeostat grants '
                  '--actuator --config', p_role, v_wrapper.owner);
  ELSIF NOT v_wrapper.callable THEN
    RETURN format('GRANT EXECUTE ON FUNCTION homeostat_roles.%I(%s) TO %I is missing',
                  p_role, p_arguments, current_user);
  END IF;
  RETURN NULL;
END
$$;

-- As before (0005), with what both levers ask of a role in one place.
CREATE OR REPLACE FUNCTION homeostat.role_problem(p_role text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_problem CONSTANT text := homeostat.managed_role_problem(p_role);
  v_owned   text;
BEGIN
  IF v_problem IS NOT NULL THEN
    RETURN v_problem;
  END IF;
  SELECT u.subname INTO v_owned FROM pg_subscription u
   WHERE pg_get_userbyid(u.subowner) = p_role LIMIT 1;
  IF FOUND THEN
    RETURN format('role %I owns subscription %I: its settings would reach the apply workers',
                  p_role, v_owned);
  END IF;
  IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
    EXECUTE 'SELECT c.oid::regclass::text FROM pg_catalog.pg_dist_partition d'
            ' JOIN pg_catalog.pg_class c ON c.oid = d.logicalrelid'
            ' WHERE pg_catalog.pg_get_userbyid(c.relowner) = $1 LIMIT 1'
      INTO v_owned USING p_role;
    IF v_owned IS NOT NULL THEN
      RETURN format('role %I owns the distributed table %s: its settings would reach shard moves',
                    p_role, v_owned);
    END IF;
  END IF;
  RETURN homeostat.wrapper_problem(p_role, 'text, text');
END
$$;

-- Why a role's sessions cannot be ended, in words; null: they can.
CREATE FUNCTION homeostat.session_role_problem(p_role text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT coalesce(
    homeostat.managed_role_problem(p_role),
    (SELECT format('role %I may replicate: its sessions are never ended', p_role)
       FROM pg_roles r WHERE r.rolname = p_role AND r.rolreplication),
    homeostat.wrapper_problem(p_role, 'interval'),
    homeostat.wrapper_problem(p_role,
      'integer, timestamp with time zone, timestamp with time zone, interval'))
$$;

-- Why a target may not stand at a value, in words; null: it may. Asked at every renewal too.
CREATE FUNCTION homeostat.sessions_problem(p_target text, p_value jsonb) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_problem text;
BEGIN
  PERFORM FROM homeostat.session_target t
    WHERE p_target = 'sessions/' || t.name AND t.value = p_value;
  IF NOT FOUND THEN
    RETURN format('nothing is registered as %s with this value', left(quote_literal(p_target), 80));
  END IF;
  SELECT homeostat.session_role_problem(r) AS problem INTO v_problem
    FROM unnest(homeostat.session_roles(p_value)) AS r ORDER BY problem NULLS LAST LIMIT 1;
  RETURN v_problem;
END
$$;

-- Looks for those whom a value means, oldest transaction first, and writes down as many as the hour
-- has room for. Nobody is ended yet: sessions_end() does that, when this is committed. Who was told
-- to end before, and has not got round to it, is not told again.
CREATE FUNCTION homeostat.sessions_pick(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_policy text,
  OUT picked bigint, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_hour  record;
  v_look  text;
  v_found bigint;
BEGIN
  DELETE FROM homeostat.ended_session e WHERE e.at < clock_timestamp() - interval '30 days';
  SELECT * INTO v_hour FROM homeostat.session_hour(p_value);
  SELECT string_agg(format('SELECT %1$L::text AS role, s.* FROM homeostat_roles.%1$I($1) AS s', r),
                    ' UNION ALL ')
    INTO v_look FROM unnest(homeostat.session_roles(p_value)) AS r;
  EXECUTE 'WITH found AS MATERIALIZED (SELECT * FROM (' || v_look || ') AS f WHERE NOT EXISTS ('
          '   SELECT FROM homeostat.ended_session e WHERE e.ended AND e.pid = f.pid'
          '      AND e.backend_start = f.backend_start AND e.xact_start = f.xact_start)), noted AS ('
          ' INSERT INTO homeostat.ended_session'
          '   (target, role, pid, backend_start, xact_start, idle, policy, epoch, sequence)'
          ' SELECT $2, f.role, f.pid, f.backend_start, f.xact_start, f.idle, $3, $4, $5'
          '   FROM found f ORDER BY f.xact_start LIMIT $6 RETURNING 1)'
          'SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM noted)'
    INTO v_found, picked
    USING homeostat.session_idle_for(p_value), p_target, p_policy, p_epoch, p_sequence,
          v_hour.room;
  IF v_found > picked THEN
    detail := format('left alone: %s more of %s, for the hour''s limit is reached',
                     v_found - picked, p_value ->> 'roles');
  END IF;
END
$$;

-- Ends those that were picked under this token while its row stands, once: those that are still the
-- same, by pid, start of the session and start of the transaction, and still idle in it (H58). Says
-- what came of it.
CREATE FUNCTION homeostat.sessions_end(p_epoch bigint, p_sequence bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_lever  homeostat.lever;
  v_picked homeostat.ended_session;
  v_done   boolean;
  v_ended  bigint := 0;
  v_left   text[] := '{}';
BEGIN
  PERFORM homeostat.fence(p_epoch);
  SELECT * INTO v_lever FROM homeostat.lever l
   WHERE l.lever = 'end_session' AND l.status = 'open' AND l.expires_at > clock_timestamp()
     AND l.epoch = p_epoch AND l.sequence = p_sequence AND l.identity = homeostat.identity();
  IF NOT FOUND THEN
    RETURN 'nobody is ended: the row does not stand any more';
  END IF;
  FOR v_picked IN SELECT * FROM homeostat.ended_session e
                   WHERE e.epoch = p_epoch AND e.sequence = p_sequence AND e.ended IS NULL
                   ORDER BY e.id FOR UPDATE
  LOOP
    BEGIN
      EXECUTE format('SELECT homeostat_roles.%I($1, $2, $3, $4)', v_picked.role) INTO v_done
        USING v_picked.pid, v_picked.backend_start, v_picked.xact_start,
              homeostat.session_idle_for(v_lever.value);
      IF NOT v_done THEN
        v_left := v_left || format('pid %s of %s is at work again or gone',
                                   v_picked.pid, v_picked.role);
      END IF;
    EXCEPTION WHEN OTHERS THEN
      v_done := false;
      v_left := v_left || format('pid %s of %s: %s', v_picked.pid, v_picked.role, SQLERRM);
    END;
    v_ended := v_ended + v_done::integer;
    UPDATE homeostat.ended_session e SET ended = v_done WHERE e.id = v_picked.id;
  END LOOP;
  RETURN array_to_string(
    (SELECT format('ended %s %s of %s, %s of %s this hour', v_ended,
                   CASE v_ended WHEN 1 THEN 'session' ELSE 'sessions' END,
                   v_lever.value ->> 'roles', h.used, h.most)
       FROM homeostat.session_hour(v_lever.value) AS h) || v_left, '; ');
END
$$;

-- Opens a target's row, or changes it, under the fence, and picks.
CREATE FUNCTION homeostat.sessions_apply(
  p_epoch bigint, p_sequence bigint, p_target text, p_value jsonb, p_ttl_us bigint,
  p_policy text, p_subject text, p_rung integer, p_policy_hash text, p_reason text,
  OUT outcome text, OUT detail text, OUT picked bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'apply', 'end_session', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  detail := homeostat.sessions_problem(p_target, p_value);
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;
  PERFORM homeostat.ledger_stand(p_epoch, p_sequence, 'end_session', p_target,
    homeostat.sessions_read(p_target), p_value, p_ttl_us, p_policy, p_subject, p_rung,
    p_policy_hash, p_reason);
  outcome := 'applied';
  SELECT p.picked, p.detail INTO picked, detail
    FROM homeostat.sessions_pick(p_epoch, p_sequence, p_target, p_value, p_policy) AS p;
END
$$;

-- The same for longer, and picks anew; not while nothing may move forward (`p_barred`).
CREATE FUNCTION homeostat.sessions_renew(
  p_epoch bigint, p_sequence bigint, p_target text, p_ttl_us bigint, p_policy text,
  p_subject text, p_rung integer, p_policy_hash text, p_barred boolean,
  OUT outcome text, OUT detail text, OUT picked bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_value CONSTANT jsonb := homeostat.sessions_read(p_target);
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'renew', 'end_session', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  detail := CASE WHEN v_value IS NULL THEN 'the ledger has no open row for ' || p_target
                 ELSE homeostat.sessions_problem(p_target, v_value) END;
  IF detail IS NOT NULL THEN
    outcome := 'refused';
    RETURN;
  END IF;
  PERFORM homeostat.ledger_renew(p_epoch, p_sequence, 'end_session', p_target, p_ttl_us,
    p_policy, p_subject, p_rung, p_policy_hash);
  outcome := 'applied';
  IF NOT p_barred THEN
    SELECT p.picked, p.detail INTO picked, detail
      FROM homeostat.sessions_pick(p_epoch, p_sequence, p_target, v_value, p_policy) AS p;
  END IF;
END
$$;

-- Closes an open row; who was ended stays ended. REQUIRES: the row, locked.
CREATE FUNCTION homeostat.sessions_lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.ledger_close(p_epoch, p_sequence, 'revert', 'reverted', 'end_session',
    p_lever.target, p_lever.value, NULL, p_lever.policy, p_lever.subject, 0, p_lever.policy_hash,
    p_reason);
  outcome := 'applied';
END
$$;

CREATE FUNCTION homeostat.sessions_revert(
  p_epoch bigint, p_sequence bigint, p_target text, p_policy text, p_subject text,
  p_reason text, OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row homeostat.lever;
BEGIN
  PERFORM homeostat.fence(p_epoch);
  outcome := homeostat.ledger_replay(p_epoch, p_sequence, 'revert', 'end_session', p_target);
  IF outcome IS NOT NULL THEN
    detail := 'this token was used before';
    RETURN;
  END IF;
  SELECT * INTO v_row FROM homeostat.lever l
   WHERE l.lever = 'end_session' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity() FOR UPDATE;
  IF NOT FOUND THEN
    outcome := 'applied';
    detail := 'the ledger has no open row for ' || p_target;
    RETURN;
  END IF;
  v_row.policy := p_policy;
  v_row.subject := p_subject;
  SELECT * INTO outcome, detail
    FROM homeostat.sessions_lift(p_epoch, p_sequence, v_row, p_reason);
END
$$;

-- Where the open row of a target says that it stands; null: no open row.
CREATE FUNCTION homeostat.sessions_read(p_target text) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT l.value FROM homeostat.lever l
   WHERE l.lever = 'end_session' AND l.target = p_target AND l.status = 'open'
     AND l.identity = homeostat.identity()
$$;

-- Gives one target back by its lever's own rule. REQUIRES: the row, locked.
CREATE FUNCTION homeostat.lift(
  p_epoch bigint, p_sequence bigint, p_lever homeostat.lever, p_reason text,
  OUT outcome text, OUT detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  CASE p_lever.lever
    WHEN 'feature' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.feature_lift(p_epoch, p_sequence, p_lever, p_reason);
    WHEN 'planner_profile' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.profile_lift(p_epoch, p_sequence, 'revert', p_lever, p_reason);
    WHEN 'end_session' THEN
      SELECT * INTO outcome, detail
        FROM homeostat.sessions_lift(p_epoch, p_sequence, p_lever, p_reason);
  END CASE;
END
$$;

-- As before (0006), for every lever that lift() knows.
CREATE OR REPLACE FUNCTION homeostat.expire()
RETURNS TABLE (lever text, target text, outcome text, detail text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, homeostat, pg_temp SET lock_timeout = '500ms' AS $$
DECLARE
  c_reason   CONSTANT text := 'past its expiry, and nobody leads';
  v_lease    homeostat.lease;
  v_row      homeostat.lever;
  v_epoch    bigint;
  v_sequence bigint := 0;
BEGIN
  IF pg_is_in_recovery() THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT v_lease FROM homeostat.lease FOR UPDATE;
  IF v_lease.renewed_at + v_lease.ttl >= clock_timestamp() THEN
    RETURN;
  END IF;
  FOR v_row IN
    SELECT * FROM homeostat.lever l
     WHERE l.status = 'open' AND l.identity = homeostat.identity()
       AND l.expires_at + CASE l.lever WHEN 'feature' THEN interval '60 seconds'
                               ELSE interval '0' END <= clock_timestamp()
     ORDER BY l.lever, l.target FOR UPDATE
  LOOP
    IF v_epoch IS NULL THEN
      UPDATE homeostat.lease AS l
         SET epoch = l.epoch + 1, holder = 'homeostat.expire()', role = session_user, pid = NULL,
             backend_start = NULL, identity = homeostat.identity(), renewed_at = NULL
       RETURNING l.epoch INTO v_epoch;
    END IF;
    v_sequence := v_sequence + 1;
    lever := v_row.lever;
    target := v_row.target;
    BEGIN
      SELECT l.outcome, l.detail INTO outcome, detail
        FROM homeostat.lift(v_epoch, v_sequence, v_row, c_reason) AS l;
    EXCEPTION WHEN OTHERS THEN
      outcome := 'refused';
      detail := SQLERRM;
      RAISE WARNING 'homeostat: % on % is past its expiry and cannot be given back: %',
        v_row.lever, v_row.target, SQLERRM;
    END;
    RETURN NEXT;
  END LOOP;
END
$$;

REVOKE ALL ON FUNCTION homeostat.register_sessions, homeostat.session_roles,
  homeostat.session_idle_for, homeostat.session_hour, homeostat.managed_role_problem,
  homeostat.wrapper_problem, homeostat.session_role_problem, homeostat.sessions_problem,
  homeostat.sessions_pick, homeostat.sessions_end, homeostat.sessions_apply,
  homeostat.sessions_renew, homeostat.sessions_lift, homeostat.sessions_revert,
  homeostat.sessions_read, homeostat.lift FROM PUBLIC;
GRANT SELECT ON homeostat.session_limit, homeostat.session_target, homeostat.ended_session
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.session_role_problem(text)
  TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.register_sessions(bigint, jsonb) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.sessions_read(text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.sessions_apply(
  bigint, bigint, text, jsonb, bigint, text, text, integer, text, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.sessions_renew(
  bigint, bigint, text, bigint, text, text, integer, text, boolean) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.sessions_revert(
  bigint, bigint, text, text, text, text) TO homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.sessions_end(bigint, bigint) TO homeostat_actuator;
