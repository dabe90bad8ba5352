-- SPDX-License-Identifier: Apache-2.0
-- Pause means pause: while a row stands, no supervisor moves forward and neither does the database's
-- own guard. Movement towards the baseline and renewals go on. Nothing is paused for ever: a pause
-- that somebody forgets ends by itself.

CREATE TABLE homeostat.pause (
  scope      text        NOT NULL
             CHECK (scope ~ '^(cluster|policy/[a-z][a-z0-9-]{0,62})$'),
  owner      name        NOT NULL,  -- who logged in to say so
  reason     text        NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  since      timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  identity   text        NOT NULL,
  PRIMARY KEY (scope, identity)
);

-- Who paused and resumed what, for good.
CREATE TABLE homeostat.pause_act (
  id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  kind       text        NOT NULL CHECK (kind IN ('pause', 'resume')),
  scope      text        NOT NULL,
  owner      name        NOT NULL,
  reason     text        NOT NULL,
  expires_at timestamptz
);
CREATE TRIGGER keep_act BEFORE UPDATE OR DELETE OR TRUNCATE ON homeostat.pause_act
  FOR EACH STATEMENT EXECUTE FUNCTION homeostat.keep_act();

-- Pauses a scope, or changes until when and why; at most seven days. Returns when it ends.
CREATE FUNCTION homeostat.pause(p_scope text, p_for interval, p_reason text) RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_now     CONSTANT timestamptz := clock_timestamp();
  v_reason  CONSTANT text := btrim(p_reason);
  v_expires timestamptz;
BEGIN
  IF NOT coalesce(p_for > interval '0' AND p_for <= interval '7 days', false) THEN
    RAISE EXCEPTION 'homeostat: a pause lasts for more than 0 and at most 7 days'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF coalesce(v_reason, '') = '' THEN
    RAISE EXCEPTION 'homeostat: a pause needs a reason'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  v_expires := v_now + p_for;
  INSERT INTO homeostat.pause AS p (scope, owner, reason, since, expires_at, identity)
    VALUES (p_scope, session_user, v_reason, v_now, v_expires, homeostat.identity())
  ON CONFLICT (scope, identity) DO UPDATE SET
    -- A pause that ran out is another one than this.
    since = CASE WHEN p.expires_at > v_now THEN p.since ELSE excluded.since END,
    owner = excluded.owner, reason = excluded.reason, expires_at = excluded.expires_at;
  INSERT INTO homeostat.pause_act (kind, scope, owner, reason, expires_at)
    VALUES ('pause', p_scope, session_user, v_reason, v_expires);
  RETURN v_expires;
END
$$;

-- Ends a pause. False: none stood.
CREATE FUNCTION homeostat.resume(p_scope text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_stood boolean;
BEGIN
  DELETE FROM homeostat.pause p
   WHERE p.scope = p_scope AND p.identity = homeostat.identity()
   RETURNING p.expires_at > clock_timestamp() INTO v_stood;
  IF coalesce(v_stood, false) THEN
    INSERT INTO homeostat.pause_act (kind, scope, owner, reason)
      VALUES ('resume', p_scope, session_user, '');
  END IF;
  RETURN coalesce(v_stood, false);
END
$$;

-- The pauses that stand, with how long they have stood and what is left of them.
CREATE FUNCTION homeostat.pauses() RETURNS TABLE (
  scope text, owner name, reason text, since_us bigint, remaining_us bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT p.scope, p.owner, p.reason,
         round(extract(epoch FROM clock_timestamp() - p.since) * 1000000)::bigint,
         round(extract(epoch FROM p.expires_at - clock_timestamp()) * 1000000)::bigint
    FROM homeostat.pause p
   WHERE p.identity = homeostat.identity() AND p.expires_at > clock_timestamp()
   ORDER BY p.scope
$$;

REVOKE ALL ON FUNCTION homeostat.pause(text, interval, text), homeostat.resume(text),
  homeostat.pauses() FROM PUBLIC;
GRANT SELECT ON homeostat.pause, homeostat.pause_act TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.pauses()
  TO homeostat_monitor, homeostat_actuator, homeostat_operator;
GRANT EXECUTE ON FUNCTION homeostat.pause(text, interval, text), homeostat.resume(text)
  TO homeostat_operator;
