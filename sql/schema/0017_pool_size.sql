-- SPDX-License-Identifier: Apache-2.0
-- The pool sizes of PgBouncer processes beside the lever `admission`. A process forgets nothing by
-- itself and knows no expiry: what stood before is written down here before each SET, so that
-- whoever leads next gives back that, and not a small number of ours.

CREATE TABLE homeostat.pool_size (
  process  text        NOT NULL CHECK (process <> ''),  -- host:port of its administration console
  zone     text        NOT NULL,
  before   integer     NOT NULL,     -- default_pool_size before we came
  stood    integer     NOT NULL,     -- before the newest SET
  asked    integer     NOT NULL,     -- by the newest SET, whether it was answered or not
  yielded  integer,                  -- what somebody else has set meanwhile; null: nobody has
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  identity text        NOT NULL DEFAULT homeostat.identity(),
  PRIMARY KEY (process, identity)
);

-- The lease's own epoch, under its fence: what follows a lever's change has no token of its own, and
-- only the session that leads passes.
CREATE FUNCTION homeostat.pool_fence() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.fence((SELECT l.epoch FROM homeostat.lease l));
END
$$;

-- How many sessions a pool of the zone may have by the limit of ours that stands there, and whose
-- limit that is. No row: none stands.
CREATE FUNCTION homeostat.pool_limits() RETURNS TABLE (zone text, slots integer, policy text)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
  SELECT z.zone, floor(z.concurrency)::integer, l.policy
    FROM homeostat.zone_limit z
    JOIN homeostat.lever l ON l.lever = 'admission' AND l.target = 'zone/' || z.zone
     AND l.status = 'open' AND l.identity = z.identity AND l.expires_at = z.expires_at
   WHERE z.identity = homeostat.identity() AND z.expires_at > clock_timestamp()
$$;

-- Before each SET: writes down what is asked and what is found. Null: do it. Otherwise why not. To
-- take sessions away needs a limit that stands for so few, and nobody who has paused its policy;
-- the way back needs nothing.
CREATE FUNCTION homeostat.pool_ask(p_process text, p_zone text, p_found integer, p_asked integer)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
DECLARE
  v_row   homeostat.pool_size;
  v_limit record;
  v_pause record;
BEGIN
  PERFORM homeostat.pool_fence();
  SELECT * INTO v_row FROM homeostat.pool_size s
   WHERE s.process = p_process AND s.identity = homeostat.identity() FOR UPDATE;
  IF v_row.yielded IS NOT NULL THEN
    RETURN 'it was left to somebody else';
  ELSIF p_asked > coalesce(v_row.before, p_found) THEN
    RETURN 'a pool is never made larger than it was';
  END IF;
  IF p_asked < p_found THEN
    SELECT * INTO v_limit FROM homeostat.pool_limits() l WHERE l.zone = p_zone;
    IF v_limit.zone IS NULL OR p_asked < least(v_limit.slots, coalesce(v_row.before, p_found)) THEN
      RETURN 'no limit stands on zone ' || p_zone || ' for so few';
    END IF;
    SELECT * INTO v_pause FROM homeostat.pauses() p
     WHERE p.scope IN ('cluster', 'policy/' || v_limit.policy) ORDER BY p.scope LIMIT 1;
    IF v_pause.scope IS NOT NULL THEN
      RETURN format('paused by %s', v_pause.owner);
    END IF;
  END IF;
  INSERT INTO homeostat.pool_size AS s (process, zone, before, stood, asked)
    VALUES (p_process, p_zone, p_found, p_found, p_asked)
  ON CONFLICT (process, identity) DO UPDATE SET
    zone = excluded.zone, stood = excluded.stood, asked = excluded.asked, at = excluded.at;
  RETURN NULL;
END
$$;

-- Somebody else has set it: it is left to them, until the zone has no limit any more.
CREATE FUNCTION homeostat.pool_yield(p_process text, p_found integer) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.pool_fence();
  UPDATE homeostat.pool_size s SET yielded = p_found, at = clock_timestamp()
   WHERE s.process = p_process AND s.identity = homeostat.identity();
END
$$;

-- It has been given back, or left for good.
CREATE FUNCTION homeostat.pool_forget(p_process text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, homeostat, pg_temp AS $$
BEGIN
  PERFORM homeostat.pool_fence();
  DELETE FROM homeostat.pool_size s
   WHERE s.process = p_process AND s.identity = homeostat.identity();
END
$$;

REVOKE ALL ON FUNCTION homeostat.pool_fence, homeostat.pool_limits, homeostat.pool_ask,
  homeostat.pool_yield, homeostat.pool_forget FROM PUBLIC;
GRANT SELECT ON homeostat.pool_size TO homeostat_monitor, homeostat_actuator;
GRANT EXECUTE ON FUNCTION homeostat.pool_limits(),
  homeostat.pool_ask(text, text, integer, integer), homeostat.pool_yield(text, integer),
  homeostat.pool_forget(text) TO homeostat_actuator;
