-- SPDX-License-Identifier: Apache-2.0
-- What stopped by itself goes on only when somebody has looked: the storm brake (`cluster`), a
-- policy that failed in canary or whose text was changed (`policy/NAME`).

CREATE TABLE homeostat.ack (
  id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  scope    text        NOT NULL CHECK (scope ~ '^(cluster|policy/[a-z][a-z0-9-]{0,62})$'),
  owner    name        NOT NULL,  -- who logged in to say so
  reason   text        NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  identity text        NOT NULL
);
CREATE TRIGGER keep_act BEFORE UPDATE OR DELETE OR TRUNCATE ON homeostat.ack
  FOR EACH STATEMENT EXECUTE FUNCTION homeostat.keep_act();

CREATE FUNCTION homeostat.acknowledge(p_scope text, p_reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  IF coalesce(btrim(p_reason), '') = '' THEN
    RAISE EXCEPTION 'homeostat: an acknowledgement needs a reason'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO homeostat.ack (scope, owner, reason, identity)
    VALUES (p_scope, session_user, btrim(p_reason), homeostat.identity());
END
$$;

-- The newest of each scope, with its age.
CREATE FUNCTION homeostat.acks() RETURNS TABLE (id bigint, scope text, age_us bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT DISTINCT ON (a.scope) a.id, a.scope,
         round(extract(epoch FROM clock_timestamp() - a.at) * 1000000)::bigint
    FROM homeostat.ack a
   WHERE a.identity = homeostat.identity()
   ORDER BY a.scope, a.id DESC
$$;

REVOKE ALL ON FUNCTION homeostat.acknowledge(text, text), homeostat.acks() FROM PUBLIC;
GRANT SELECT ON homeostat.ack TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.acks()
  TO homeostat_monitor, homeostat_actuator, homeostat_operator;
GRANT EXECUTE ON FUNCTION homeostat.acknowledge(text, text) TO homeostat_operator;
